/** Streams of the caller's thread, as an operation in the worker sees them. */
import type { RemoteCallbacks } from '../protocol/methods.ts';

/**
 * Makes a stream that writes to a numbered one of the caller. Aborting it does nothing there: the caller aborts its
 * streams with the reason itself, of which a copy would arrive.
 */
export function remoteTarget(target: number, callbacks: RemoteCallbacks): WritableStream<Uint8Array> {
  return new WritableStream({
    write: (chunk) => callbacks.writeChunk(target, chunk),
    close: () => callbacks.closeTarget(target),
  });
}

/** Makes a stream that reads a numbered one of the caller, which ends it with the operation. */
export function remoteSource(source: number, callbacks: RemoteCallbacks): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const chunk = await callbacks.readChunk(source);
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}
