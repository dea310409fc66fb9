/** The README's table of storages agrees with the capabilities of the page's storages. */
import { expect, it } from 'vitest';
import { indexedDbStorage } from '../src/storages/indexeddb/indexeddb.browser.ts';
import { opfsStorage } from '../src/storages/opfs/opfs.browser.ts';

it.each([indexedDbStorage('any'), opfsStorage('any')])(
  'the table has $capabilities.kind',
  async ({ capabilities }) => {
    const readme = await (await fetch(new URL('../README.md', import.meta.url))).text();
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${capabilities.kind}\``));
    const cells = row?.split('|').map((cell) => cell.trim());
    const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
    const { persistent, multiProcess, syncSurvives, atomicCommit, lockProvider } = capabilities;
    expect(cells?.slice(3, -1)).toEqual([
      yesNo(persistent),
      yesNo(multiProcess),
      syncSurvives,
      yesNo(atomicCommit),
      lockProvider,
    ]);
  },
);
