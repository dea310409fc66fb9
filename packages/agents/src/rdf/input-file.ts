import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { AgentError } from '../errors.ts';

/** The RDF formats read here, as W3C names them. */
export type RdfFormat = 'Turtle' | 'N-Triples' | 'N-Quads' | 'TriG';

/**
 * A document to read. How its bytes were come by (a file, a text field, a drop) is the caller's affair.
 *
 * The last part of the name counts as the document's own: it is what a receipt shows and what relative IRIs are
 * resolved against, so that neither depends on the folder or the machine.
 */
export interface InputFile {
  /** A file name or path; also used to tell the format. */
  readonly name: string;
  /** The document, as text or as UTF-8 bytes. */
  readonly content: string | Uint8Array;
  /** @default told from the name's extension: `.ttl`, `.nt`, `.nq`, `.trig` */
  readonly format?: RdfFormat;
}

/** An input as its bytes show it, readable or not. */
export interface MeasuredInput {
  readonly file: InputFile;
  /** The name's last part: for receipts. */
  readonly baseName: string;
  readonly bytes: Uint8Array;
  /** Of the bytes, 64 hex digits. */
  readonly sha256: string;
}

/** An input that can be parsed. */
export interface ReadableInput {
  /** As the caller gave it: for messages. */
  readonly name: string;
  readonly baseName: string;
  readonly format: RdfFormat;
  /** Without a byte order mark. */
  readonly text: string;
}

const FORMAT_BY_EXTENSION: ReadonlyMap<string, RdfFormat> = new Map([
  ['ttl', 'Turtle'],
  ['nt', 'N-Triples'],
  ['nq', 'N-Quads'],
  ['trig', 'TriG'],
]);

/** The part of a name after the last slash or backslash. */
export function baseNameOf(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

/**
 * The format a name's extension stands for; upper and lower case are the same. A guess beyond that would let a typing
 * error in a name decide how a document is read, so there is none.
 *
 * @throws {AgentError} UNKNOWN_FORMAT
 */
export function formatOf(name: string): RdfFormat {
  const baseName = baseNameOf(name);
  const dot = baseName.lastIndexOf('.');
  const format = FORMAT_BY_EXTENSION.get(dot < 0 ? '' : baseName.slice(dot + 1).toLowerCase());
  if (format !== undefined) return format;
  throw new AgentError('UNKNOWN_FORMAT', `Cannot tell the RDF format of "${baseName}" from its extension`, {
    hint: 'Name it .ttl (Turtle), .nt (N-Triples), .nq (N-Quads) or .trig (TriG), or give the format.',
  });
}

/** SHA-256 of text (as UTF-8) or bytes, 64 hex digits. The same code in Node and in any page, secure context or not. */
export function sha256Hex(content: string | Uint8Array): string {
  return bytesToHex(sha256(typeof content === 'string' ? new TextEncoder().encode(content) : content));
}

/** Counts and hashes an input. It cannot fail, so that a receipt can name every input of any run. */
export function measureInput(file: InputFile): MeasuredInput {
  const bytes = typeof file.content === 'string' ? new TextEncoder().encode(file.content) : file.content;
  return { file, baseName: baseNameOf(file.name), bytes, sha256: sha256Hex(bytes) };
}

/**
 * Settles an input's format and text.
 *
 * @throws {AgentError} UNKNOWN_FORMAT, NOT_UTF8
 */
export function openInput({ file, baseName, bytes }: MeasuredInput): ReadableInput {
  const format = file.format ?? formatOf(file.name);
  try {
    // Drops a byte order mark, which would shift every column of the first line.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { name: file.name, baseName, format, text };
  } catch (cause) {
    throw new AgentError('NOT_UTF8', `"${baseName}" is not UTF-8 text`, {
      cause,
      hint: 'Save the file as UTF-8.',
    });
  }
}
