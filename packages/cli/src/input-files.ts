/** Files that agents read. One that cannot be read fails the run, which leaves a receipt like any other. */
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { InputFile } from '@ggen-sim/agents';
import { reasonOf } from './failures.ts';
import { readCatalog } from './xml-catalog.ts';

/** Extensions of the documents that a folder of imports holds. */
const DOCUMENT = /\.(?:ttl|nt|nq|trig|rdf|owl|jsonld)$/iu;

/** Reads a file. */
export async function readInput(name: string): Promise<InputFile> {
  try {
    return { name, content: await readFile(name) };
  } catch (error) {
    return { name, content: '', unreadable: reasonOf(error) };
  }
}

/**
 * Reads documents that others import, each given as `IRI=FILE`, as a file whose document names its own ontology, as a folder
 * of such files, or as an XML catalog.
 *
 * @throws {UsageError} for a catalog that cannot be read
 */
export async function readImports(texts: readonly string[]): Promise<InputFile[]> {
  const found = await Promise.all(texts.map(readImport));
  // A catalog may list a file that is also given by itself.
  const distinct = new Map(
    found.flat().map((file) => [`${file.iri ?? ''} ${path.resolve(file.name)}`, file]),
  );
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
    return Promise.all(
      entries.map(async (entry) => Object.assign(await readInput(entry.file), { iri: entry.iri })),
    );
  }
  return Promise.all((await documentsIn(text)).map(readInput));
}

/** Returns a file itself, or the documents below a folder. */
async function documentsIn(name: string): Promise<readonly string[]> {
  const isFolder = await stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [name];
  const entries = await readdir(name, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && DOCUMENT.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}
