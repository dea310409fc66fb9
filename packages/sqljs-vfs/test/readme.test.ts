/** The README says what is so: its example runs, its matrix and its tables of errors are those of the code. */
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

/** Every row of every table, as trimmed cells. */
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

  it('is in the README, runs, and remembers', async () => {
    const source = fs.readFileSync(path.join(PACKAGE, 'test', 'children', 'readme-example.ts'), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
    const folder = temporaryFolder();
    const first = await children.run('readme-example', [], { folder });
    expect(first).toMatchObject({ exitCode: 0, stdout: '1: durable when run() returns\n' });
    const second = await children.run('readme-example', [], { folder });
    expect(second.stdout.split('\n').length).toBe(3);
    expect(fs.readdirSync(folder)).toEqual(['notes.db']);
  });
});

describe('the matrix of storages', () => {
  const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

  function rowFor({ capabilities }: Storage): string[] {
    const { persistent, multiProcess, syncSurvives, atomicCommit, lockProvider } = capabilities;
    return [yesNo(persistent), yesNo(multiProcess), syncSurvives, yesNo(atomicCommit), lockProvider];
  }

  const inMatrix = (kind: string): string[] | undefined =>
    tableRows.find(([cell]) => cell === kind)?.slice(2);

  it('has memory', () => {
    expect(inMatrix('`memory`')).toEqual(rowFor(memoryStorage()));
  });

  it.runIf(process.platform === 'linux')('has files, with the locks of Linux', () => {
    const shared = fileStorage(path.join(temporaryFolder(), 'data.db'));
    expect(inMatrix('`file`')).toEqual(rowFor(shared));
  });

  it('has files of a single process', () => {
    const alone = fileStorage(path.join(temporaryFolder(), 'data.db'), { singleProcess: true });
    expect(inMatrix('`file`, `singleProcess`')).toEqual(rowFor(alone));
  });
});

it('lists every error code, and none besides', () => {
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
