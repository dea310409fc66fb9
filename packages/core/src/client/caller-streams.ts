/**
 * Streams of the caller that an operation in the worker writes or reads, by number. The worker calls for every chunk:
 * not every runtime can send a stream to a worker (Bun and Safari cannot), and a sent stream would count as closed in the
 * worker before its end has arrived here.
 */
export class CallerStreams {
  readonly #targets: WritableStream<Uint8Array>[] = [];
  readonly #writers: Map<number, WritableStreamDefaultWriter<Uint8Array>> = new Map();
  readonly #readers: ReadableStreamDefaultReader<Uint8Array>[] = [];

  /** Returns the number of a stream that the worker writes. */
  addTarget(target: WritableStream<Uint8Array>): number {
    return this.#targets.push(target) - 1;
  }

  /** Returns the number of a stream that the worker reads. */
  addSource(source: ReadableStream<Uint8Array>): number {
    return this.#readers.push(source.getReader()) - 1;
  }

  /** Resolves when the stream takes more. */
  async write(target: number, chunk: Uint8Array): Promise<void> {
    await this.#writerOf(target).write(chunk);
  }

  /** Resolves once every byte has arrived and the stream is closed. */
  async close(target: number): Promise<void> {
    await this.#writerOf(target).close();
  }

  /** Returns the next chunk; undefined at the end. */
  async read(source: number): Promise<Uint8Array | undefined> {
    return (await this.#readers[source]?.read())?.value;
  }

  /** Aborts the streams that are not closed yet. */
  async abort(reason: unknown): Promise<void> {
    const aborting = this.#targets.map((target, number) =>
      (this.#writers.get(number) ?? target).abort(reason),
    );
    await Promise.allSettled([...aborting, ...this.#readers.map((reader) => reader.cancel(reason))]);
  }

  /** Locks a stream when it is written first: the failure to lock it is then a failure of writing. */
  #writerOf(target: number): WritableStreamDefaultWriter<Uint8Array> {
    let writer = this.#writers.get(target);
    if (!writer) {
      writer = (this.#targets[target] as WritableStream<Uint8Array>).getWriter();
      // Every call reports its own failure.
      writer.closed.catch(() => undefined);
      this.#writers.set(target, writer);
    }
    return writer;
  }
}
