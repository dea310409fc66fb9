import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/**
 * Reads the body of a request into memory.
 * @param maxBytes - bytes as they arrive, also where the body is compressed
 * @throws {HttpError} 413 when the body is larger, as soon as that is known; 400 when it ends early
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  // Node refuses a request whose length is no number.
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, 'INCOMPLETE_BODY', 'The body of the request did not arrive whole');
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, 'BODY_TOO_LARGE', `The body of a request may have ${maxBytes} bytes at most`, {
    headers: { connection: 'close' },
  });
}
