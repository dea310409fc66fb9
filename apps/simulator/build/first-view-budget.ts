import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

const compress = promisify(brotliCompress);

/** Options of {@link firstViewBudget}. */
export interface FirstViewOptions {
  /** Limit for all files together, in bytes after brotli. */
  readonly maxBytes: number;
  /** Files that a first visit fetches without an import from the entry: the database worker and its WebAssembly. */
  readonly alsoFetched: readonly RegExp[];
}

/**
 * Measures and prints what a first visit downloads before the page is usable. Fails the build above the budget. Files
 * fetched later (editor, chart, agents, the offline cache) do not count.
 */
export function firstViewBudget({ maxBytes, alsoFetched }: FirstViewOptions): Plugin {
  return {
    name: 'first-view-budget',
    apply: 'build',
    enforce: 'post',
    async writeBundle(options, bundle) {
      const names = firstViewFiles(bundle, alsoFetched);
      const sizes = await Promise.all(
        names.map(async (name) => {
          const bytes = await readFile(join(options.dir ?? 'dist', name));
          return { name, bytes: (await compress(bytes)).byteLength };
        }),
      );
      const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
      const lines = sizes
        .toSorted((a, b) => b.bytes - a.bytes)
        .map(({ name, bytes }) => `  ${kilobytes(bytes).padStart(8)}  ${name}`);
      this.info(
        [
          'first view, brotli:',
          ...lines,
          `  ${kilobytes(total).padStart(8)}  of ${kilobytes(maxBytes)}`,
        ].join('\n'),
      );
      if (total > maxBytes) {
        this.error(
          `The first view is ${kilobytes(total)} after brotli; the budget is ${kilobytes(maxBytes)}.`,
        );
      }
    },
  };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function firstViewFiles(bundle: Rollup.OutputBundle, alsoFetched: readonly RegExp[]): string[] {
  const names = new Set<string>(['index.html']);
  const add = (name: string): void => {
    if (names.has(name)) return;
    names.add(name);
    const output = bundle[name];
    if (output?.type !== 'chunk') return;
    for (const css of output.viteMetadata?.importedCss ?? []) names.add(css);
    for (const imported of output.imports) add(imported);
  };
  for (const output of Object.values(bundle)) {
    if (output.type === 'chunk' && output.isEntry) add(output.fileName);
  }
  for (const pattern of alsoFetched) {
    const found = Object.keys(bundle).filter((name) => pattern.test(name));
    if (found.length === 0)
      throw new Error(`No built file matches ${pattern}, so the budget would be wrong.`);
    for (const name of found) add(name);
  }
  return [...names];
}
