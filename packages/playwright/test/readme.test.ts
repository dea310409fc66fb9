/** The README shows files that are run: one as a test beside this one, the others by tests/e2e/page-database.spec.ts. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const PACKAGE = path.resolve(import.meta.dirname, '..');
const RUN = [
  'test/readme/runs.test.ts',
  '../../tests/e2e/child/readme.config.ts',
  '../../tests/e2e/child/runs.page.ts',
  '../../tests/e2e/child/file.page.ts',
];

it('has no code but that of files that are run', () => {
  const readme = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  const run = RUN.map((file) => fs.readFileSync(path.join(PACKAGE, file), 'utf8'));
  expect(shown.toSorted()).toEqual(run.toSorted());
});
