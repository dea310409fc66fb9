/** The limit for messages of a client over stdio, before any of them is parsed. */
import { Transform, type TransformCallback } from 'node:stream';

/** Length of the ends of a message in which its id is looked for, in bytes. */
const END_BYTES = 512;
const LINE_FEED = 0x0a;

/** Called for a message that was too long, with its id if it has one that was found. */
export type OnTooLong = (id: string | number | undefined) => void;

/**
 * Passes lines on whole, and drops those that are longer than a limit. Nothing of them is kept but both ends, so a line
 * without end costs no memory.
 */
export class MessageLimit extends Transform {
  readonly #maxBytes: number;
  readonly #onTooLong: OnTooLong;
  #parts: Buffer[] = [];
  #bytes = 0;
  #head = '';
  #tail = Buffer.alloc(0);

  constructor(maxBytes: number, onTooLong: OnTooLong) {
    super();
    this.#maxBytes = maxBytes;
    this.#onTooLong = onTooLong;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
      this.#add(rest.subarray(0, end + 1));
      this.#endLine();
      rest = rest.subarray(end + 1);
    }
    this.#add(rest);
    done();
  }

  #add(part: Buffer): void {
    if (part.length === 0) return;
    const wasWithin = this.#bytes <= this.#maxBytes;
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#parts.push(part);
      return;
    }
    if (wasWithin) {
      this.#parts.push(part);
      const all = Buffer.concat(this.#parts);
      this.#head = all.subarray(0, END_BYTES).toString('latin1');
      this.#tail = Buffer.from(all.subarray(-END_BYTES));
      this.#parts = [];
    } else {
      this.#tail = Buffer.from(Buffer.concat([this.#tail, part]).subarray(-END_BYTES));
    }
  }

  #endLine(): void {
    if (this.#bytes <= this.#maxBytes) this.push(Buffer.concat(this.#parts));
    else this.#onTooLong(idIn(this.#head, this.#tail.toString('latin1')));
    this.#parts = [];
    this.#bytes = 0;
  }
}

/** Finds the id of a request where clients write it: as one of the first members, or as the last one. */
function idIn(head: string, tail: string): string | number | undefined {
  const found =
    /^\s*\{(?:"jsonrpc":\s*"2\.0",\s*)?"id":\s*(?<id>\d{1,15}|"[\w-]{1,100}")/u.exec(head) ??
    /,\s*"id":\s*(?<id>\d{1,15}|"[\w-]{1,100}")\s*(?:,\s*"jsonrpc":\s*"2\.0"\s*)?\}\s*$/u.exec(tail);
  const id = found?.groups?.['id'];
  return id === undefined ? undefined : (JSON.parse(id) as string | number);
}
