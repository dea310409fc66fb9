import { createSha256 } from '#hashing/sha256';

/** What has gone through a sink. */
export interface SunkBytes {
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** The stream failed, not what was written to it. */
export class StreamFailure extends Error {
  override readonly name = 'StreamFailure';

  constructor(cause: unknown) {
    super('the stream failed', { cause });
  }
}

function failStream(cause: unknown): never {
  throw new StreamFailure(cause);
}

/**
 * Writes chunks to a stream at the stream's own pace, counting and hashing on the way. The stream is closed at the
 * end; after a failure it is aborted and the failure thrown.
 */
export async function sink(
  chunks: AsyncIterable<string | Uint8Array>,
  stream: WritableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<SunkBytes> {
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
    // The stream may be what failed; then it has nothing to be told.
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  return { bytes, sha256: hash.digestHex() };
}
