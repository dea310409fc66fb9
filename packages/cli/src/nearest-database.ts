/** Search for the database that a mistyped path may have meant. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import leven from 'leven';
import { isSqliteFile } from './sqlite-file.ts';

/** Names that are looked at in each folder, the most similar first: a folder may have very many. */
const NAMES_PER_FOLDER = 20;
/** Folders that are tried for each mistyped one. */
const FOLDERS_PER_LEVEL = 3;

/**
 * Finds the existing database whose path is most similar to one that does not exist.
 * @param others - further paths that may be meant; those that are no database do not count
 * @returns undefined if there is none nearby
 */
export function nearestDatabase(missing: string, others: readonly string[]): string | undefined {
  const found = [...databasesLike(missing), ...others.filter(isSqliteFile)];
  return bySimilarity(found, missing, (path) => path)[0];
}

/** Lists databases in the folder of a path, or in folders named like it. */
function databasesLike(path: string): string[] {
  const folders = foldersLike(dirname(path));
  return folders.flatMap((folder) => {
    const paths = namesIn(folder).map((name) => join(folder, name));
    return bySimilarity(paths, basename(path), (candidate) => basename(candidate))
      .slice(0, NAMES_PER_FOLDER)
      .filter(isSqliteFile);
  });
}

function foldersLike(path: string): string[] {
  if (isFolder(path)) return [path];
  const parent = dirname(path);
  if (parent === path) return [];
  const folders = foldersLike(parent).flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  return bySimilarity(folders, path, (candidate) => candidate)
    .slice(0, NAMES_PER_FOLDER)
    .filter(isFolder)
    .slice(0, FOLDERS_PER_LEVEL);
}

/** Sorts paths by the letters in which they differ; capitals decide only between those that are equal otherwise. */
function bySimilarity(paths: readonly string[], wanted: string, textOf: (path: string) => string): string[] {
  return paths
    .map((path) => {
      const text = textOf(path);
      const distance = leven(text.toLowerCase(), wanted.toLowerCase());
      return { path, distance, distanceInCapitals: leven(text, wanted) };
    })
    .toSorted(
      (one, other) => one.distance - other.distance || one.distanceInCapitals - other.distanceInCapitals,
    )
    .map(({ path }) => path);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
