import { baseNameOf } from '../base-name.ts';
import { AgentError } from '../errors.ts';
import { sha256Hex } from '../sha256.ts';

/** RDF formats that can be read, as W3C names them. */
export type RdfFormat = 'Turtle' | 'N-Triples' | 'N-Quads' | 'TriG' | 'RDF/XML' | 'JSON-LD';

/**
 * Document to read. The caller obtains its bytes (from a file, a text field, a dropped file).
 *
 * Receipts show only the last part of the name, and relative IRIs are resolved against it. So neither depends on the
 * folder or the machine.
 */
export interface InputFile {
  /** File name or path. Its extension gives the format. */
  readonly name: string;
  /** Text or UTF-8 bytes. */
  readonly content: string | Uint8Array;
  /**
   * Reason why the caller could not obtain the content, such as `no such file or directory`. The run fails with `IO_ERROR`
   * and leaves a receipt; the content is not looked at.
   */
  readonly unreadable?: string;
  /** @default by the name's extension: `.ttl`, `.nt`, `.nq`, `.trig`, `.rdf` or `.owl` (RDF/XML), `.jsonld` */
  readonly format?: RdfFormat;
  /** Prefixes that a query may use without declaring them, by prefix. Documents in RDF declare their own. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** IRI by which `owl:imports` refers to the document. It is also the base of its relative IRIs. */
  readonly iri?: string;
}

/** Input with the size and hash of its bytes, which may not be readable. */
export interface MeasuredInput {
  readonly file: InputFile;
  /** Last part of the name, for receipts. */
  readonly baseName: string;
  /** `null` when the caller could not obtain them. */
  readonly bytes: Uint8Array | null;
  /** SHA-256 of the bytes, 64 hex digits; `null` without bytes. */
  readonly sha256: string | null;
}

/** Input that can be parsed. */
export interface ReadableInput {
  /** Name as the caller gave it, for messages. */
  readonly name: string;
  readonly baseName: string;
  readonly format: RdfFormat;
  /** Content without a byte order mark. It is decoded when it is read. */
  readonly text: string;
  /** The same in parts, of which no more than one has to be in memory. */
  readonly parts: () => Iterable<string>;
}

/** Bytes that are decoded at once. */
const PART_BYTES = 2 ** 18;

const FORMAT_BY_EXTENSION: ReadonlyMap<string, RdfFormat> = new Map([
  ['ttl', 'Turtle'],
  ['nt', 'N-Triples'],
  ['nq', 'N-Quads'],
  ['trig', 'TriG'],
  ['rdf', 'RDF/XML'],
  ['owl', 'RDF/XML'],
  ['jsonld', 'JSON-LD'],
]);

/**
 * Returns the format of a name's extension, in upper or lower case. Never guesses: otherwise a typing error in a name
 * would decide how a document is read.
 *
 * @throws {AgentError} UNKNOWN_FORMAT
 */
export function formatOf(name: string): RdfFormat {
  const baseName = baseNameOf(name);
  const dot = baseName.lastIndexOf('.');
  const format = FORMAT_BY_EXTENSION.get(dot < 0 ? '' : baseName.slice(dot + 1).toLowerCase());
  if (format !== undefined) return format;
  throw new AgentError('UNKNOWN_FORMAT', `Cannot tell the RDF format of "${baseName}" from its extension`, {
    hint:
      'Name the document .ttl (Turtle), .nt (N-Triples), .nq (N-Quads), .trig (TriG), .rdf or .owl (RDF/XML) or ' +
      '.jsonld (JSON-LD), or give the format.',
  });
}

/** Measures and hashes an input. Cannot fail, so the receipt of any run can name every input. */
export function measureInput(file: InputFile): MeasuredInput {
  const { content } = file;
  const baseName = baseNameOf(file.name);
  if (file.unreadable !== undefined) return { file, baseName, bytes: null, sha256: null };
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { file, baseName, bytes, sha256: sha256Hex(bytes) };
}

/**
 * Decides an input's format and makes its text readable.
 *
 * @throws {AgentError} IO_ERROR, UNKNOWN_FORMAT, NOT_UTF8
 */
export function openInput(input: MeasuredInput): ReadableInput {
  const { file, baseName, bytes } = input;
  if (bytes === null) throw unreadable(file);
  const format = file.format ?? formatOf(file.name);
  // What is not UTF-8 is refused before anything is read of it.
  for (const _part of partsOf(input)) continue;
  let text: string | undefined;
  return {
    name: file.name,
    baseName,
    format,
    get text() {
      return (text ??= openText(input));
    },
    parts: () => partsOf(input),
  };
}

/**
 * Decodes an input's text, without a byte order mark: it would shift every column of the first line.
 *
 * @throws {AgentError} IO_ERROR, NOT_UTF8
 */
export function openText(input: MeasuredInput): string {
  return [...partsOf(input)].join('');
}

function* partsOf({ file, baseName, bytes }: MeasuredInput): IterableIterator<string> {
  if (bytes === null) throw unreadable(file);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (let start = 0; start < bytes.length; start += PART_BYTES) {
      // A copy, because bytes that threads share cannot be decoded in browsers.
      yield decoder.decode(bytes.slice(start, start + PART_BYTES), { stream: true });
    }
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new AgentError('NOT_UTF8', `"${baseName}" is not UTF-8 text`, {
      cause,
      hint: 'Save the file as UTF-8.',
    });
  }
}

function unreadable({ name, unreadable: reason = '' }: InputFile): AgentError {
  return new AgentError('IO_ERROR', reason, { file: name });
}
