/** The README's example runs, and its tables of storages and errors agree with the code. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileStorage } from '../src/storages/node-file/node-file.node.ts';
import { memoryStorage } from '../src/index.ts';
import type { Storage } from '../src/contract/storage.ts';
import { Children } from '../../../tests/support/child-process.ts';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';

const PACKAGE = path.resolve(import.meta.dirname, '..');
const readme = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');

/** Rows of all tables, as trimmed cells. */
const tableRows = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe('the example', () => {
  let children: Children;
  beforeAll(async () => {
    children = await Children.bundle(path.join(import.meta.dirname, 'children'));
  });
  afterAll(() => children.remove());

  it('is in the README, runs, and keeps its data', async () => {
    const source = fs.readFileSync(path.join(PACKAGE, 'test', 'children', 'readme-example.ts'), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
    const folder = temporaryFolder();
    const first = await children.run('readme-example', [], { folder });
    expect(first).toMatchObject({ exitCode: 0, stdout: '1: durable when run() returns\n' });
    const second = await children.run('readme-example', [], { folder });
    expect(second.stdout.split('\n').length).toBe(3);
    expect(fs.readdirSync(folder)).toEqual(['notes.db']);
  });

  it('has counterparts for Drizzle and Kysely, which use the same file', async () => {
    const folder = temporaryFolder();
    for (const [index, name] of ['readme-drizzle', 'readme-kysely', 'readme-drizzle'].entries()) {
      const source = fs.readFileSync(path.join(PACKAGE, 'test', 'children', `${name}.ts`), 'utf8');
      expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
      const run = await children.run(name, [], { folder });
      expect(run).toMatchObject({ exitCode: 0, stdout: `${index + 1} notes\n` });
    }
    expect(fs.readdirSync(folder)).toEqual(['notes.db']);
  });
});

describe('the table of storages', () => {
  const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

  function rowFor({ capabilities }: Storage): string[] {
    const { persistent, multiProcess, syncSurvives, atomicCommit, lockProvider } = capabilities;
    return [yesNo(persistent), yesNo(multiProcess), syncSurvives, yesNo(atomicCommit), lockProvider];
  }

  const tableRow = (kind: string): string[] | undefined =>
    tableRows.find(([cell]) => cell === kind)?.slice(2);

  it('has memory', () => {
    expect(tableRow('`memory`')).toEqual(rowFor(memoryStorage()));
  });

  it.runIf(process.platform === 'linux')('has shared files, with the locks of Linux', () => {
    const shared = fileStorage(path.join(temporaryFolder(), 'data.db'));
    expect(tableRow('`file`')).toEqual(rowFor(shared));
  });

  it('has files of one process', () => {
    const alone = fileStorage(path.join(temporaryFolder(), 'data.db'), { singleProcess: true });
    expect(tableRow('`file`, `singleProcess`')).toEqual(rowFor(alone));
  });
});

it('lists exactly the error codes of the code', () => {
  const source = fs.readFileSync(path.join(PACKAGE, 'src', 'errors.ts'), 'utf8');
  const declared = [...source.matchAll(/^ {2}\| '(?<code>[A-Z_]+)'/gm)].map(
    (match) => match.groups?.['code'],
  );
  const listed = tableRows
    .map(([cell = '']) => /^`(?<code>[A-Z_]+)`$/.exec(cell)?.groups?.['code'])
    .filter(Boolean);
  expect(declared.length).toBeGreaterThan(5);
  expect(new Set(listed)).toEqual(new Set(declared));
  expect(listed.length).toBe(declared.length);
});
