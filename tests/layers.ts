/** An allow list of imports, and the check that holds source code against it. */
import path from 'node:path';

/** The import rules of one package. */
export interface PackageLayers {
  /**
   * Imports that begin with `@ggen-sim/` or `node:`, or are `sql.js`, as far as this package may have them: a pattern of
   * the import, or of the importing file, a space and the import. `*` stands for any characters. Files that end with
   * `.node.ts` may import Node's modules.
   */
  readonly packages: readonly string[];
  /**
   * Folders and files of `src`, in the order of the data flow, and what each may import. The nearest entry that holds
   * a file decides; `.` holds every file, and `x/*` stands for each folder of `x`, which may not import one another. An entry may only name entries that stand below it, so every import goes one way.
   */
  readonly folders: Readonly<Record<string, readonly string[]>>;
}

/** A source file: its path from the repository's root, and its text. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

const DOC_COMMENT = /\/\*\*.*?\*\//gs;
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]|new URL\(\s*['"](\.\.?\/[^'"]+)['"]/g;
const GUARDED = /^(?:@ggen-sim\/|node:|sql\.js)/;

/** @returns one line for each import or folder that the rules do not allow */
export function layerViolations(
  layers: Readonly<Record<string, PackageLayers>>,
  sources: readonly SourceFile[],
): string[] {
  const violations = Object.entries(layers).flatMap(([name, { folders }]) => unordered(name, folders));
  for (const { file, text } of sources) {
    const packageFolder = file.split('/').slice(0, 2).join('/');
    const rules = layers[packageFolder];
    if (!rules) {
      violations.push(`${file}: its package is not listed`);
      continue;
    }
    const inSource = path.posix.relative(`${packageFolder}/src`, file);
    const importer = entryOf(rules.folders, inSource);
    if (importer === undefined) {
      violations.push(`${file}: its folder is not listed`);
      continue;
    }
    for (const [, specifier, url] of text.replaceAll(DOC_COMMENT, '').matchAll(IMPORT)) {
      // A file of a package is named by its path where the import must be a URL.
      const target = (specifier ?? url ?? '').replace(/^.*\/node_modules\//, '');
      const reason = refusal(rules, inSource, importer, target);
      if (reason) violations.push(`${file}: ${target}: ${reason}`);
    }
  }
  return violations;
}

function unordered(name: string, folders: PackageLayers['folders']): string[] {
  const order = Object.keys(folders);
  const positionOf = (folder: string): number =>
    order.includes(folder) ? order.indexOf(folder) : order.indexOf(`${path.posix.dirname(folder)}/*`);
  return Object.entries(folders).flatMap(([room, allowed]) =>
    allowed
      .filter((other) => positionOf(other) <= positionOf(room))
      .map((other) => `${name}: ${room} names ${other}, which does not stand below it`),
  );
}

/** A listed entry, and the folder or file that it stands for. */
interface ListedFolder {
  readonly entry: string;
  readonly folder: string;
}

/** Finds the listed entry that holds a file, or undefined. */
function entryOf(folders: PackageLayers['folders'], file: string): ListedFolder | undefined {
  const holding = Object.keys(folders).flatMap((entry): ListedFolder[] => {
    if (entry === '.' || file === entry || file.startsWith(`${entry}/`)) return [{ entry, folder: entry }];
    const parent = entry.endsWith('/*') ? entry.slice(0, -1) : undefined;
    if (parent === undefined || !file.startsWith(parent)) return [];
    return [{ entry, folder: parent + (file.slice(parent.length).split('/')[0] ?? '') }];
  });
  return holding.toSorted((left, right) => right.folder.length - left.folder.length)[0];
}

/** True when a text equals a pattern, in which `*` stands for any characters but a space. */
function matches(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.?+^$()[\]{}|\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^ ]*')}$`).test(text);
}

function refusal(
  { packages, folders }: PackageLayers,
  file: string,
  importer: ListedFolder,
  target: string,
): string | undefined {
  if (GUARDED.test(target)) {
    if (target.startsWith('node:') && file.endsWith('.node.ts')) return undefined;
    const isAllowed = packages.some((entry) => matches(target, entry) || matches(`${file} ${target}`, entry));
    return isAllowed ? undefined : 'this package must not import it here';
  }
  const isPlatformImport = target.startsWith('#');
  if (!target.startsWith('.') && !isPlatformImport) return undefined;
  const importedFile = isPlatformImport
    ? `${target.slice(1)}.node.ts`
    : path.posix.normalize(path.posix.join(path.posix.dirname(file), target));
  const imported = entryOf(folders, importedFile);
  if (imported === undefined) return 'it is in no listed folder';
  if (imported.folder === importer.folder) return undefined;
  if (folders[importer.entry]?.some((entry) => entry === imported.entry || entry === imported.folder)) {
    return undefined;
  }
  return `${importer.folder} may not import ${imported.folder}`;
}
