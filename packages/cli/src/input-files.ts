/** Files that agents read. One that cannot be read fails the run, which leaves a receipt like any other. */
import { open, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { InputFile } from '@ggen-sim/agents';
import { UsageError, reasonOf } from './failures.ts';
import { readCatalog } from './xml-catalog.ts';

/** Extensions of the documents that a folder of imports holds. */
const DOCUMENT = /\.(?:ttl|nt|nq|trig|rdf|owl|jsonld)$/iu;

/** Files that are read at once: systems limit how many are open. */
const MAX_OPEN = 64;

/** Reads a file. */
async function readInput(name: string): Promise<InputFile> {
  try {
    return { name, content: await readShared(name) };
  } catch (error) {
    return { name, content: '', unreadable: reasonOf(error) };
  }
}

/** Bytes that are read at once: more than 2 GB cannot be. */
const READ_BYTES = 2 ** 28;

/** Size from which the bytes of a file are shared between threads. */
const SHARED_BYTES = 2 ** 20;

/** Reads a file. The bytes of a large one are in memory that threads share, because a message would copy them. */
async function readShared(name: string): Promise<Uint8Array> {
  const file = await open(name);
  try {
    const { size } = await file.stat();
    if (size < SHARED_BYTES) return await readFile(file);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, Math.min(size - length, READ_BYTES));
      length += bytesRead;
      if (length === size || bytesRead === 0) return bytes.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

/** Reads files, in their order. */
export async function readInputs(names: readonly string[]): Promise<InputFile[]> {
  return readEach(names, readInput);
}

/**
 * Reads documents that others import, each given as `IRI=FILE`, as a file whose document names its own ontology, as a folder
 * of such files, or as an XML catalog.
 *
 * @throws {UsageError} for a catalog that cannot be read, and for a folder without documents
 */
export async function readImports(texts: readonly string[]): Promise<InputFile[]> {
  const found: InputFile[] = [];
  for (const text of texts) found.push(...(await readImport(text)));
  // A catalog may list a file that is also given by itself.
  const distinct = new Map(found.map((file) => [`${file.iri ?? ''} ${path.resolve(file.name)}`, file]));
  return [...distinct.values()];
}

async function readImport(text: string): Promise<readonly InputFile[]> {
  // An IRI may contain the sign, a path rarely does.
  const at = text.lastIndexOf('=');
  const [iri, file] = [text.slice(0, at), text.slice(at + 1)];
  if (at > 0 && file !== '' && /^[a-z][a-z\d+.-]*:/iu.test(iri))
    return [Object.assign(await readInput(file), { iri })];
  if (/\.xml$/iu.test(text)) {
    const entries = await readCatalog(text);
    return readEach(entries, async (entry) => Object.assign(await readInput(entry.file), { iri: entry.iri }));
  }
  return readInputs(await documentsIn(text));
}

/** Reads files, some of them at once, and keeps their order. */
async function readEach<T>(items: readonly T[], read: (item: T) => Promise<InputFile>): Promise<InputFile[]> {
  const found: InputFile[] = [];
  for (let start = 0; start < items.length; start += MAX_OPEN)
    found.push(...(await Promise.all(items.slice(start, start + MAX_OPEN).map(read))));
  return found;
}

/** Returns a file itself, or the documents below a folder. */
async function documentsIn(name: string): Promise<readonly string[]> {
  const isFolder = await stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [name];
  const entries = await readdir(name, { recursive: true, withFileTypes: true });
  const files = entries
    // Links to files count, links to folders do not: they could lead in a circle.
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && DOCUMENT.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  if (files.length === 0) throw new UsageError(`the folder ${name} has no documents to import`);
  return files;
}
