/** Compresses text (gzip, RFC 1952), at the pace of the reader. */
export async function* compress(chunks: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield* transform(chunks, (chunk) => encoder.encode(chunk), new CompressionStream('gzip'));
}

/** Decompresses bytes if they begin as gzip does; passes on others. */
export async function* decompress(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    let start = new Uint8Array();
    let isEnd = false;
    while (start.length < 2 && !isEnd) {
      const next = await iterator.next();
      isEnd = next.done === true;
      if (!next.done) start = start.length === 0 ? Uint8Array.from(next.value) : joined(start, next.value);
    }
    const all = withStart(start, { [Symbol.asyncIterator]: () => iterator });
    if (start[0] !== 0x1f || start[1] !== 0x8b) yield* all;
    else yield* transform(all, (chunk) => Uint8Array.from(chunk), new DecompressionStream('gzip'));
  } finally {
    await iterator.return?.();
  }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(left.length + right.length);
  bytes.set(left);
  bytes.set(right, left.length);
  return bytes;
}

async function* withStart(start: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  yield* rest;
}

/** Passes chunks through a transform. Whatever ends one side ends the other. */
async function* transform<Chunk>(
  chunks: AsyncIterable<Chunk>,
  encode: (chunk: Chunk) => Uint8Array<ArrayBuffer>,
  { readable, writable }: CompressionStream | DecompressionStream,
): AsyncGenerator<Uint8Array> {
  const writer = writable.getWriter();
  const feed = async (): Promise<void> => {
    try {
      for await (const chunk of chunks) await writer.write(encode(chunk));
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  };
  const feeding = feed();
  // Reported below, once what came before has been read.
  feeding.catch(() => undefined);
  const reader = readable.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    await feeding;
  } catch (error) {
    // The reader fails with the error of the chunks, or of the transform itself.
    await feeding;
    throw error;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
