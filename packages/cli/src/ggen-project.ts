/** The parts of a `ggen.toml` that a validation uses. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError, reasonOf } from './failures.ts';

/** Settings of a ggen project, with paths as they can be opened. */
export interface GgenProject {
  /** `[validation] gates` */
  readonly gates: readonly string[];
  /** `[ontology] imports`: files that are part of the ontology. */
  readonly imports: readonly string[];
  /** `[ontology] base_iri` */
  readonly baseIri: string | undefined;
  /** `[ontology] prefixes`, by prefix. */
  readonly prefixes: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads a `ggen.toml`. Paths in it are relative to its folder.
 *
 * @throws {UsageError} when it cannot be read, is not TOML, or a setting has another type
 */
export async function readGgenProject(file: string): Promise<GgenProject> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}`);
  });
  const { parse } = await import('smol-toml');
  let settings: unknown;
  try {
    settings = parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not TOML: ${reasonOf(error)}`);
  }
  const setting = <T>(
    [section, key]: readonly [string, string],
    expected: string,
    accepts: (value: unknown) => value is T,
  ): T | undefined => {
    const table: unknown = isTable(settings) ? settings[section] : undefined;
    const value = isTable(table) ? table[key] : undefined;
    if (value === undefined || accepts(value)) return value;
    throw new UsageError(`${file}: ${key} in [${section}] must be ${expected}`);
  };
  const located = (paths: readonly string[] = []): string[] =>
    paths.map((each) => (path.isAbsolute(each) ? each : path.join(path.dirname(file), each)));
  return {
    gates: located(setting(['validation', 'gates'], 'a list of files', isTexts)),
    imports: located(setting(['ontology', 'imports'], 'a list of files', isTexts)),
    baseIri: setting(['ontology', 'base_iri'], 'an IRI', isText),
    prefixes: setting(['ontology', 'prefixes'], 'a table of IRIs', isTableOfTexts),
  };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isTableOfTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isTable(value) && Object.values(value).every(isText);
}
