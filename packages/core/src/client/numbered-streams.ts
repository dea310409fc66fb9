/**
 * Streams of the caller that an operation in the worker writes or reads, by number. The worker calls for every chunk:
 * not every runtime can send a stream to a worker (Bun and Safari cannot), and a sent stream would count as closed in the
 * worker before its end has arrived here.
 */
export class NumberedStreams {
  readonly #writers: WritableStreamDefaultWriter<Uint8Array>[] = [];
  readonly #readers: ReadableStreamDefaultReader<Uint8Array>[] = [];

  /** Returns the number of a stream that the worker writes. */
  addTarget(target: WritableStream<Uint8Array>): number {
    return this.#writers.push(target.getWriter()) - 1;
  }

  /** Returns the number of a stream that the worker reads. */
  addSource(source: ReadableStream<Uint8Array>): number {
    return this.#readers.push(source.getReader()) - 1;
  }

  /** Resolves when the stream takes more. */
  async write(target: number, chunk: Uint8Array): Promise<void> {
    await this.#writers[target]?.write(chunk);
  }

  /** Resolves once every byte has arrived and the stream is closed. */
  async close(target: number): Promise<void> {
    await this.#writers[target]?.close();
  }

  /** Returns the next chunk; undefined at the end. */
  async read(source: number): Promise<Uint8Array | undefined> {
    return (await this.#readers[source]?.read())?.value;
  }
}
