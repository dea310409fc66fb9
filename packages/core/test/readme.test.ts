/** The README's example runs unchanged, and its table of errors is complete. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Children } from '../../../tests/support/child-process.ts';
import { TABLES } from '../src/tables/index.ts';
import { createTestDatabase } from './support/test-database.ts';

const PACKAGE = path.resolve(import.meta.dirname, '..');
const readme = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
const sources = (folder: string): string[] =>
  fs
    .readdirSync(path.join(PACKAGE, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => fs.readFileSync(path.join(PACKAGE, folder, name), 'utf8'));

const codes = [
  ...fs.readFileSync(path.join(PACKAGE, 'src/api/errors.ts'), 'utf8').matchAll(/^ {2}\| '([A-Z_]+)'/gm),
].map(([, code = '']) => code);

/** Codes that no test of this package can provoke, with the reason. */
const PROVOKED_ELSEWHERE: Readonly<Record<string, string>> = {
  LOCKS_UNAVAILABLE: 'needs a platform without locks: sqljs-vfs tests it with the package hidden',
  STORAGE_RESET: 'needs a page whose site data is cleared: sqljs-vfs tests it in a browser',
  UNREADABLE_STORAGE: 'needs a page with a newer format stored: sqljs-vfs tests it in a browser',
  UNSUPPORTED_SQLJS: 'needs files of another version in the package: sqljs-vfs tests its checks',
  INTERNAL: 'reports a state that cannot occur',
};

describe('the table of errors', () => {
  it('has exactly one row per code, with cause and remedy', () => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\| (.+?) +\|$/gm)];
    expect(rows.map(([, code]) => code)).toEqual(codes);
    for (const [, code, cause, remedy] of rows)
      expect([code, cause !== '', remedy !== '']).toEqual([code, true, true]);
  });

  it('each code is expected by a test, or excused with a reason', () => {
    const tests = [...sources('test'), ...sources('src/testing')];
    const untested = codes
      .filter((code) => !(code in PROVOKED_ELSEWHERE))
      .filter((code) => !tests.some((text) => text.includes(`'${code}'`)));
    expect(untested).toEqual([]);
    for (const code of Object.keys(PROVOKED_ELSEWHERE)) expect(codes).toContain(code);
  });
});

it('shows what tests/consumers tries: the page without a bundler, components, a test for Jest', () => {
  const shown = [...readme.matchAll(/```(?:html|jsx|svelte|js)\n(.*?)```/gs)].map(([, code = '']) => code);
  const tried = [
    'standalone/index.html',
    'hooks/react/latest.jsx',
    'hooks/svelte/Latest.svelte',
    'jest/receipts.test.js',
  ];
  expect(shown.length).toBe(tried.length);
  for (const [index, file] of tried.entries()) {
    const source = fs.readFileSync(path.resolve(PACKAGE, '../../tests/consumers', file), 'utf8');
    expect(source).toContain(shown[index]);
  }
});

/** The recipes for Drizzle and Kysely, in order: the second one reads what the first one saves. */
const RECIPES = [
  { name: 'readme-drizzle', printed: '[{"agentId":"validator-1","count":1}]\n' },
  { name: 'readme-kysely', printed: '[{"agent_id":"validator-1","count":1}]\n' },
].map(({ name, printed }) => ({ source: path.join(PACKAGE, `test/orm/${name}.ts`), printed }));

describe('the examples', () => {
  it('run', async () => {
    const database = createTestDatabase();
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
    const answer =
      'process.stdout.write(JSON.stringify({ text, latest: latest.length, version, memory, failed, receiptsTotal, agents: agentMetrics.length, files: manifest.files.length, receiptsDeleted, ok }));';
    const script = database.path('example.ts');
    const source = example.replace("'@ggen-sim/core'", JSON.stringify(path.join(PACKAGE, 'src/index.ts')));
    fs.writeFileSync(script, `${source}\n${answer}`);
    const children = await Children.bundle([script, ...RECIPES.map(({ source: recipe }) => recipe)]);
    fs.rmSync(script);
    onTestFinished(() => children.remove());
    const output = execFileSync(process.execPath, [children.script('example')], {
      cwd: database.folder,
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({
      text: '{"status":"success","files_generated":12}',
      latest: 1,
      version: 1,
      memory: { iterations: 5, context: { ontologyLoaded: true } },
      failed: [],
      receiptsTotal: 2,
      agents: 1,
      // One for each table, the change log, and the image.
      files: TABLES.length + 2,
      receiptsDeleted: 0,
      ok: true,
    });
    expect(fs.readdirSync(database.folder).toSorted()).toEqual(['audit.csv', 'backups', 'workspace']);
    for (const { source: recipe, printed } of RECIPES) {
      expect(readme).toContain(`\`\`\`ts\n${fs.readFileSync(recipe, 'utf8')}\`\`\``);
      const run = await children.run(path.basename(recipe, '.ts'), [], { folder: database.folder });
      expect(run).toMatchObject({ exitCode: 0, stdout: printed });
    }
  });
});
