import { createSha256 } from '#hashing/sha256';
import { StreamFailure } from './io-error.ts';

/** Size and SHA-256 of the bytes written. */
export interface WrittenBytes {
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

function failStream(cause: unknown): never {
  throw new StreamFailure(cause);
}

/**
 * Writes chunks to a stream at the stream's own pace, and counts and hashes the bytes. Closes the stream at the end.
 * After a failure it aborts the stream and throws the failure.
 */
export async function writeToStream(
  chunks: AsyncIterable<string | Uint8Array>,
  stream: WritableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<WrittenBytes> {
  const hash = createSha256();
  const encoder = new TextEncoder();
  const writer = stream.getWriter();
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      const encoded = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
      hash.update(encoded);
      bytes += encoded.length;
      await writer.write(encoded).catch(failStream);
    }
    await writer.close().catch(failStream);
  } catch (error) {
    // Ignored: aborting fails when the stream itself failed.
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  return { bytes, sha256: hash.digestHex() };
}
