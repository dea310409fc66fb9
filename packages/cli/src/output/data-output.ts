/** Standard output, which carries data and nothing else. */
import type { Writable } from 'node:stream';

/** Whoever reads standard output has left (`| head`): no failure, but there is no point in going on. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Writes data, waiting for the reader, so that a large result never piles up in memory. */
export class DataOutput {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /**
   * Resolves once the data has left.
   * @throws OutputClosed when the reader has gone; otherwise the system's error (`ENOSPC`, …)
   */
  async write(data: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(data, (error) => {
        if (!error) resolve();
        else
          reject(
            'code' in error && error.code === 'EPIPE'
              ? new OutputClosed('standard output was closed')
              : error,
          );
      });
    });
  }

  /** Writes one value as a line of its own. */
  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  /** The same output as a stream of bytes. Closing the stream leaves standard output open. */
  asStream(): WritableStream<Uint8Array> {
    return new WritableStream({ write: (chunk) => this.write(chunk) });
  }
}
