import type { BackupDirectory } from '../api/backup.ts';
import type { ByteSink, ByteSource, Signal } from '../api/platform-types.ts';
import { untilAborted } from '../validation/abort.ts';

/** True for an object with a name and the methods that write and read a backup. */
export function isBackupDirectory(value: unknown): value is BackupDirectory {
  const { name, create, open } = (value ?? {}) as Partial<BackupDirectory>;
  return typeof name === 'string' && typeof create === 'function' && typeof open === 'function';
}

/** Size of the largest chunk of a source. A server takes no message of any size. */
export const PIECE_BYTES: number = 1024 * 1024;

/** @throws {TypeError} for a chunk that is no bytes, which would be read as other ones: a text as zeros */
function bytesOf(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (chunk instanceof Uint8Array) return chunk as Uint8Array<ArrayBuffer>;
  throw new TypeError(`a chunk of the stream is no Uint8Array but a value of type ${typeof chunk}`);
}

/** Ends a stream before its end. */
type End = (reason: unknown) => Promise<void>;

/**
 * The streams and the directory that a caller passes to one operation. Their code is the caller's and may stall. When the
 * signal fires, the open streams are ended with its reason, and nothing of them is waited for any longer: the operation
 * ends at once.
 */
export class CallerStreams {
  readonly #signal: Signal | undefined;
  readonly #open: Set<End> = new Set();
  /** Calls of the caller's code that have not settled. */
  readonly #pending: Set<Promise<unknown>> = new Set();
  #isUsed = false;
  /** True after an abort, or an end amid a call: that call may never settle. */
  #mayStall = false;
  #ended: { readonly reason: unknown } | undefined;
  readonly #onAbort = (): void => this.abort(this.#signal?.reason);

  /** @param signal - the operation's. {@link release} stops listening to it */
  constructor(signal: Signal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** True when the caller passed a stream or a directory. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Ends every stream that is open, and each that is opened later. Waits for none. */
  abort(reason: unknown): void {
    this.#ended ??= { reason };
    this.#mayStall ||= this.#pending.size > 0 || this.#signal?.aborted === true;
    for (const end of this.#open) this.#end(end, reason);
  }

  /** Stops listening to the signal, at the end of the operation. */
  release(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Makes a stream that writes to one of the caller, which is locked when it is written first. */
  target(stream: ByteSink): ByteSink {
    let writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
    const locked = (): WritableStreamDefaultWriter<Uint8Array> => (writer ??= stream.getWriter());
    const end: End = async (reason) => (writer ?? stream).abort(reason);
    this.#begin(end);
    return new WritableStream({
      write: (chunk) => this.#wait(async () => locked().write(chunk)),
      close: async () => {
        await this.#wait(async () => locked().close());
        this.#open.delete(end);
      },
      abort: (reason) => this.#end(end, reason),
    });
  }

  /** Makes a stream that reads one of the caller, in chunks of at most {@link PIECE_BYTES}. */
  source(stream: ByteSource): ByteSource {
    const reader = stream.getReader();
    const end: End = async (reason) => reader.cancel(reason);
    let rest = new Uint8Array();
    this.#begin(end);
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (rest.length === 0) {
            const { done, value } = await this.#wait(() => reader.read());
            if (done) {
              this.#open.delete(end);
              return controller.close();
            }
            rest = bytesOf(value);
          }
          // A view would take its whole buffer along to a worker.
          controller.enqueue(new Uint8Array(rest.subarray(0, PIECE_BYTES)));
          rest = rest.subarray(PIECE_BYTES);
        },
        cancel: (reason) => this.#end(end, reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** Makes a directory over the one of the caller. Its `discard` does nothing before the first file is created. */
  directory(directory: BackupDirectory): BackupDirectory {
    this.#isUsed = true;
    let hasBegun = false;
    return {
      name: directory.name,
      create: (fileName) =>
        this.#wait(async () => {
          hasBegun = true;
          return this.target(await directory.create(fileName));
        }),
      open: (fileName) =>
        this.#wait(async () => {
          const stream = await directory.open(fileName);
          return stream && this.source(stream);
        }),
      finish: () => this.#wait(async () => directory.finish()),
      discard: async () => {
        if (hasBegun) await this.#discard(directory).catch(() => undefined);
      },
    };
  }

  /**
   * Discards the files once their streams have ended, which may lock them until then. Where a call may stall nothing is
   * waited for: the files are discarded at once, and again when what was pending has settled, because it may have created
   * one.
   */
  async #discard(directory: BackupDirectory): Promise<void> {
    const pending = [...this.#pending];
    const discard = async (): Promise<void> => directory.discard();
    if (!this.#mayStall) {
      return untilAborted(Promise.allSettled(pending).then(discard), this.#signal);
    }
    const discarding = discard();
    const again =
      pending.length > 0 ? Promise.allSettled([discarding, ...pending]).then(discard) : discarding;
    again.catch(() => undefined);
  }

  #begin(end: End): void {
    this.#isUsed = true;
    this.#open.add(end);
    if (this.#ended) this.#end(end, this.#ended.reason);
  }

  #end(end: End, reason: unknown): void {
    this.#open.delete(end);
    // A stream that has failed cannot be aborted; its failure is reported by the call that failed.
    this.#track(end(reason)).catch(() => undefined);
  }

  async #wait<T>(call: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    return untilAborted(this.#track(call()), this.#signal);
  }

  #track<T>(calling: Promise<T>): Promise<T> {
    const settle = (): void => void this.#pending.delete(calling);
    this.#pending.add(calling);
    calling.then(settle, settle);
    return calling;
  }
}
