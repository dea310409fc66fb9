/** The package manifest matches the sources. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const PACKAGE = path.resolve(import.meta.dirname, '..');

interface Manifest {
  readonly exports: Record<string, unknown>;
  readonly publishConfig: { readonly exports: Record<string, unknown> };
}

const manifest = JSON.parse(fs.readFileSync(path.join(PACKAGE, 'package.json'), 'utf8')) as Manifest;

function pathsIn(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(pathsIn);
}

describe('package.json', () => {
  it('publishes the entry points of the repository', () => {
    expect(Object.keys(manifest.publishConfig.exports).toSorted()).toEqual(
      Object.keys(manifest.exports).toSorted(),
    );
  });

  it('publishes files whose sources exist', () => {
    const published = pathsIn(manifest.publishConfig.exports);
    expect(published.length).toBeGreaterThan(6);
    for (const file of published) {
      const source = file.replace(/^\.\/dist\/(browser\/)?/, 'src/').replace(/(\.d\.ts|\.js)$/, '.ts');
      expect([file, fs.existsSync(path.join(PACKAGE, source))]).toEqual([file, true]);
    }
  });
});
