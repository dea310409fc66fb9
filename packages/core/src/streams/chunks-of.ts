import type { ByteSource } from '../api/platform-types.ts';

/**
 * Reads a stream chunk by chunk, and cancels it when the reader stops before its end. Safari's streams are not
 * iterable (https://developer.mozilla.org/docs/Web/API/ReadableStream#browser_compatibility).
 */
export async function* chunksOf(stream: ByteSource): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let isAtEnd = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isAtEnd = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    // A stream that has failed needs no end.
    isAtEnd = true;
    throw error;
  } finally {
    if (!isAtEnd) await reader.cancel();
    reader.releaseLock();
  }
}
