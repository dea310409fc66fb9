/** Standard output, which carries data and nothing else. */
import type { Writable } from 'node:stream';
import { displayable } from './printable.ts';

/** Whoever reads standard output has left (`| head`): no failure, but there is no point in going on. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Where data goes. A terminal is somebody looking: stored text must not drive it. */
type Stream = Writable & { readonly isTTY?: boolean };

/** Writes data, waiting for the reader, so that a large result never piles up in memory. */
export class DataOutput {
  readonly #stream: Stream;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /**
   * Writes data: as it is, or, on a terminal, with what would drive it as escapes. Resolves once it has left.
   * @throws OutputClosed when the reader has gone; otherwise the system's error (`ENOSPC`, …)
   */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#stream.isTTY !== true) await this.show(data);
    else await this.show(displayable(typeof data === 'string' ? data : new TextDecoder().decode(data)));
  }

  /** Writes what was made for a terminal and is safe there. */
  async show(data: string | Uint8Array): Promise<void> {
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
