/**
 * Platform types that the public API mentions. A program without the types of Node and of the DOM has none of them, and
 * one with an older `lib` no disposal. Beside the real declarations these add nothing: interfaces of the same name merge.
 */

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
  // oxlint-disable-next-line typescript/no-empty-object-type -- it merges with the platform's
  interface AbortSignal {}
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-explicit-any -- as the platform declares it
  interface ReadableStream<R = any> {}
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-explicit-any -- as the platform declares it
  interface WritableStream<W = any> {}
}

/** Closed at the end of an `await using` block. */
export type Closeable = AsyncDisposable;

/** Aborts an operation. */
export type Signal = AbortSignal;

/** Bytes to read. */
export type ByteSource = ReadableStream<Uint8Array>;

/** A receiver of bytes. */
export type ByteSink = WritableStream<Uint8Array>;
