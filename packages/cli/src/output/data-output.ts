/** Standard output, which carries only data. */
import type { Writable } from 'node:stream';
import { displayable } from './printable.ts';

/** Thrown when the reader has closed standard output (`| head`). It stops the command but is not a failure. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Target of the data. Stored text must not control a terminal. */
export type OutputStream = Pick<Writable, 'write'> & { readonly isTTY?: boolean };

/** Writer that waits for the reader, so that a large result does not accumulate in memory. */
export class DataOutput {
  readonly #stream: OutputStream;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /**
   * Writes data unchanged or, on a terminal, with control characters as escapes. Resolves when the stream accepted it.
   * @throws {OutputClosed} when the reader has closed the stream; otherwise the system's error (`ENOSPC`, …)
   */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#stream.isTTY !== true) await this.writeSafe(data);
    else await this.writeSafe(displayable(typeof data === 'string' ? data : new TextDecoder().decode(data)));
  }

  /** Writes text that is already safe for a terminal, unchanged. */
  async writeSafe(data: string | Uint8Array): Promise<void> {
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

  /** Writes one value as a line. */
  async writeLine(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  /** Returns a stream of bytes to the same output. Closing it leaves standard output open. */
  asStream(): WritableStream<Uint8Array> {
    return new WritableStream({ write: (chunk) => this.write(chunk) });
  }
}
