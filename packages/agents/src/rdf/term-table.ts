import type { DataFactory, Term } from '@rdfjs/types';
import { AgentError } from '../errors.ts';
import { canonicalText, termOfText, withPlainLanguages } from './terms.ts';

/** Texts are stored in pages, so that a table grows without a copy of itself. */
const PAGE_BITS = 20;
const PAGE_BYTES = 2 ** PAGE_BITS;
/** Pages that 32 bits can address. */
const MAX_PAGES = 2 ** (32 - PAGE_BITS);
/** Terms that are kept as objects: shapes ask for the same predicates and classes again and again. */
const KEPT_TERMS = 4096;

const UNDERSCORE = 0x5f;

/**
 * Terms by number, in the order in which they first occur.
 *
 * A graph of a million statements has as many terms. As objects they take 200 bytes each and are moved by the garbage collector
 * over and over; here a term takes its canonical N-Quads form in UTF-8 and about 24 bytes, which no collector looks at. What
 * is sorted and hashed is that form.
 */
export class TermTable {
  readonly #factory: DataFactory;
  readonly #pages: Uint8Array[] = [];
  #pageEnd: number = PAGE_BYTES;
  #starts: Uint32Array = new Uint32Array(64);
  #lengths: Uint32Array = new Uint32Array(64);
  #hashes: Uint32Array = new Uint32Array(64);
  /** Hash table with open addressing: numbers of terms plus 1; 0 is free. */
  #slots: Uint32Array = new Uint32Array(128);
  #size = 0;
  #scratch: Uint8Array = new Uint8Array(1024);
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #keptIds: Int32Array = new Int32Array(KEPT_TERMS).fill(-1);
  readonly #keptTerms: Term[] = [];
  /** Terms with language tags in lower case, by the number of those that differ in that case alone. */
  readonly #plain: Map<number, number> = new Map();
  readonly #tripleTerms: Set<number> = new Set();
  readonly #directional: Set<number> = new Set();

  constructor(factory: DataFactory) {
    this.#factory = factory;
  }

  /** Number of terms. */
  get size(): number {
    return this.#size;
  }

  /**
   * Returns the number of a term, which is added if it is new.
   *
   * @throws {AgentError} MEMORY_LIMIT
   */
  idOf(term: Term): number {
    const length = this.#encode(term);
    const hash = hashOf(this.#scratch, length);
    const found = this.#lookUp(hash, length);
    if (found >= 0) return found;
    const id = this.#append(hash, length);
    if (term.termType === 'Quad') this.#tripleTerms.add(id);
    if (term.termType === 'Literal' && term.direction) this.#directional.add(id);
    const plain = withPlainLanguages(term, this.#factory);
    if (plain !== term) this.#plain.set(id, this.idOf(plain));
    return id;
  }

  /** Returns the number of a term; -1 when the table does not have it. */
  find(term: Term): number {
    const length = this.#encode(term);
    return this.#lookUp(hashOf(this.#scratch, length), length);
  }

  /** Returns the number of the same value with its language in lower case: `"x"@en-GB` and `"x"@en-gb` are one value. */
  plainIdOf(id: number): number {
    return this.#plain.get(id) ?? id;
  }

  term(id: number): Term {
    const slot = id % KEPT_TERMS;
    const kept = this.#keptTerms[slot];
    if (kept !== undefined && this.#keptIds[slot] === id) return kept;
    const term = termOfText(this.text(id), this.#factory);
    this.#keptIds[slot] = id;
    this.#keptTerms[slot] = term;
    return term;
  }

  /** Returns a term as canonical N-Quads has it; the empty text for the default graph. */
  text(id: number): string {
    return this.#decoder.decode(this.bytes(id));
  }

  /** Returns the same in UTF-8: a view that is not to be changed. */
  bytes(id: number): Uint8Array {
    const start = this.#starts[id] ?? 0;
    const offset = start % PAGE_BYTES;
    const page = this.#pages[start >>> PAGE_BITS] ?? new Uint8Array();
    return page.subarray(offset, offset + (this.#lengths[id] ?? 0));
  }

  isBlankNode(id: number): boolean {
    const start = this.#starts[id] ?? 0;
    return (
      (this.#lengths[id] ?? 0) > 0 && this.#pages[start >>> PAGE_BITS]?.[start % PAGE_BYTES] === UNDERSCORE
    );
  }

  isTripleTerm(id: number): boolean {
    return this.#tripleTerms.has(id);
  }

  /** True for a literal with a base direction. */
  hasDirection(id: number): boolean {
    return this.#directional.has(id);
  }

  /** Orders terms by the UTF-16 units of their texts, as rdf-canonize does. */
  compare(a: number, b: number): number {
    const [startA, startB] = [this.#starts[a] ?? 0, this.#starts[b] ?? 0];
    const [lengthA, lengthB] = [this.#lengths[a] ?? 0, this.#lengths[b] ?? 0];
    const [pageA, pageB] = [this.#pages[startA >>> PAGE_BITS], this.#pages[startB >>> PAGE_BITS]];
    const [fromA, fromB] = [startA % PAGE_BYTES, startB % PAGE_BYTES];
    const shared = Math.min(lengthA, lengthB);
    for (let index = 0; index < shared; index += 1) {
      const [byteA, byteB] = [pageA?.[fromA + index] ?? 0, pageB?.[fromB + index] ?? 0];
      if (byteA !== byteB) return utf16Rank(byteA) - utf16Rank(byteB);
    }
    return lengthA - lengthB;
  }

  /** Writes the text of a term into the scratch buffer and returns its length. */
  #encode(term: Term): number {
    const text = canonicalText(term);
    if (this.#scratch.length < 3 * text.length) this.#scratch = new Uint8Array(6 * text.length);
    return this.#encoder.encodeInto(text, this.#scratch).written;
  }

  #lookUp(hash: number, length: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) return -1;
      if (this.#hashes[id] === hash && this.#lengths[id] === length && this.#hasScratch(id, length))
        return id;
    }
  }

  #hasScratch(id: number, length: number): boolean {
    const start = this.#starts[id] ?? 0;
    const page = this.#pages[start >>> PAGE_BITS];
    const offset = start % PAGE_BYTES;
    for (let index = 0; index < length; index += 1)
      if (page?.[offset + index] !== this.#scratch[index]) return false;
    return true;
  }

  #append(hash: number, length: number): number {
    const id = this.#size;
    if (id === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#lengths = doubled(this.#lengths);
      this.#hashes = doubled(this.#hashes);
    }
    this.#starts[id] = this.#write(length);
    this.#lengths[id] = length;
    this.#hashes[id] = hash;
    this.#size += 1;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    else this.#insert(id);
    return id;
  }

  /** Copies the text in the scratch buffer to the last page. A text that is longer than a page has one of its own. */
  #write(length: number): number {
    if (this.#pageEnd + length > PAGE_BYTES) {
      if (this.#pages.length === MAX_PAGES) {
        throw new AgentError('MEMORY_LIMIT', 'The terms of the documents take more than 4 GB', {
          hint: 'Validate smaller documents.',
        });
      }
      this.#pages.push(new Uint8Array(Math.max(PAGE_BYTES, length)));
      this.#pageEnd = 0;
    }
    const start = (this.#pages.length - 1) * PAGE_BYTES + this.#pageEnd;
    this.#pages.at(-1)?.set(this.#scratch.subarray(0, length), this.#pageEnd);
    this.#pageEnd += length;
    return start;
  }

  #insert(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[id] ?? 0) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let id = 0; id < this.#size; id += 1) this.#insert(id);
  }
}

/** Returns a copy of twice the length. */
export function doubled(column: Uint32Array): Uint32Array {
  const copy = new Uint32Array(2 * column.length);
  copy.set(column);
  return copy;
}

/** FNV-1a, with its bits mixed once more: the texts of a document are much alike. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < length; index += 1) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85_eb_ca_6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Orders leading bytes of UTF-8 as UTF-16 does: there, U+10000 and above (F0 to F4) come before U+E000 to U+FFFF (EE, EF). */
function utf16Rank(byte: number): number {
  if (byte >= 0xf0) return byte - 2;
  return byte >= 0xee ? byte + 8 : byte;
}
