/** Catalogs of local copies, as Protégé and XML tools write them (OASIS XML Catalogs 1.1). */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError, reasonOf } from './failures.ts';

/** Local copy of a document. */
export interface CatalogEntry {
  readonly iri: string;
  readonly file: string;
}

type XmlElement = Readonly<Record<string, unknown>>;

/**
 * Reads the `uri` entries of a catalog, of its groups, and of the catalogs that it goes on with. Entries on other hosts,
 * and those that name no file, are left out: nothing is loaded from the network.
 *
 * @throws {UsageError} when the file cannot be read, is no catalog, or rewrites IRIs
 */
export async function readCatalog(file: string): Promise<readonly CatalogEntry[]> {
  return entriesOf(path.resolve(file), file, new Set());
}

async function entriesOf(file: string, shown: string, around: Set<string>): Promise<CatalogEntry[]> {
  if (around.has(file)) return [];
  around.add(file);
  const { XMLParser, XMLValidator } = await import('fast-xml-parser');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`the catalog ${shown} cannot be read: ${reasonOf(error)}`);
  });
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', removeNSPrefix: true });
  const catalog =
    XMLValidator.validate(text) === true ? (parser.parse(text) as XmlElement)['catalog'] : undefined;
  if (typeof catalog !== 'object' || catalog === null) throw new UsageError(`${shown} is no XML catalog`);
  const entries: CatalogEntry[] = [];
  const read = async (element: XmlElement, outer: URL): Promise<void> => {
    const ownBase = textOf(element['@base']) ?? '';
    if (!URL.canParse(ownBase, outer.href)) throw new UsageError(`${shown} has an xml:base that is no URL`);
    const base = new URL(ownBase, outer);
    if (element['rewriteURI'] !== undefined || element['delegateURI'] !== undefined)
      throw new UsageError(`${shown} rewrites IRIs, which is not supported`, 'List each document as a uri.');
    for (const entry of elementsOf(element['uri'])) {
      const [iri, uri] = [textOf(entry['@name']), textOf(entry['@uri'])];
      const target = uri === undefined ? undefined : fileAt(uri, base);
      if (iri !== undefined && target !== undefined)
        entries.push({ iri, file: path.relative(process.cwd(), target) });
    }
    for (const group of elementsOf(element['group'])) await read(group, base);
    for (const next of elementsOf(element['nextCatalog'])) {
      const nextFile = fileAt(textOf(next['@catalog']) ?? '', base);
      if (nextFile === undefined) continue;
      entries.push(...(await entriesOf(nextFile, path.relative(process.cwd(), nextFile), around)));
    }
  };
  await read(catalog as XmlElement, pathToFileURL(file));
  return entries;
}

/** Returns the path of a local file; `undefined` for another host, and for what is no URL or no path. */
function fileAt(text: string, base: URL): string | undefined {
  const url = URL.canParse(text, base.href) ? new URL(text, base) : undefined;
  if (url?.protocol !== 'file:') return undefined;
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function elementsOf(value: unknown): readonly XmlElement[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each): each is XmlElement => typeof each === 'object' && each !== null);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
