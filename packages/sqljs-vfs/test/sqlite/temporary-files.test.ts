import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { openDatabase } from '../../src/index.ts';
import { TEN_THOUSAND_ROWS, column } from '../../src/testing/database-queries.ts';
import { observedStorage } from '../../src/testing/index.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

it('sorting and VACUUM create no file except the database and its journal', async () => {
  const folder = temporaryFolder();
  // Prefix of SQLite's temporary files.
  const strays = (): string[] => fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith('etilqs'));
  const seen = new Set<string>();
  const straysBefore = strays();
  const storage = observedStorage(fileStorage(path.join(folder, 'data.db')), ({ verb }) => {
    if (verb === 'write' || verb === 'sync') for (const name of fs.readdirSync(folder)) seen.add(name);
  });
  const opened = await openDatabase(storage);
  opened.database.exec('PRAGMA cache_size = 10');
  opened.database.exec(TEN_THOUSAND_ROWS);
  expect(
    column(opened.database, 'SELECT count(*) FROM (SELECT * FROM t ORDER BY filler, word DESC)'),
  ).toEqual([10_000]);
  opened.database.exec('CREATE INDEX t_filler ON t(filler); VACUUM');
  opened.close();
  expect([...seen].toSorted()).toEqual(['data.db', 'data.db-journal']);
  expect(strays()).toEqual(straysBefore);
});

/** The listing itself has a descriptor that is closed again by now. */
function linkOf(fd: string): string[] {
  try {
    return [fs.readlinkSync(`/proc/self/fd/${fd}`)];
  } catch {
    return [];
  }
}

it.runIf(process.platform === 'linux')(
  'VACUUM copies the database to a file without a name, not to memory',
  async () => {
    const unnamed = (): string[] =>
      fs
        .readdirSync('/proc/self/fd')
        .flatMap(linkOf)
        .filter((target) => target.includes('.sqljs-vfs-') && target.endsWith('(deleted)'));
    let seen = 0;
    const storage = observedStorage(fileStorage(path.join(temporaryFolder(), 'data.db')), ({ verb }) => {
      if (verb !== 'sync') return;
      seen = Math.max(seen, unnamed().length);
    });
    const opened = await openDatabase(storage);
    opened.database.exec(TEN_THOUSAND_ROWS);
    seen = 0;
    opened.database.exec('PRAGMA cache_size = 10; VACUUM');
    expect(seen).toBeGreaterThan(0);
    expect(unnamed()).toEqual([]);
    opened.close();
  },
);
