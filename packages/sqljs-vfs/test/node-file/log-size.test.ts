/** The size of the write-ahead log at which its pages are moved into the database file. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

/** About 2000 pages. */
const INSERT = 'INSERT INTO t VALUES (randomblob(8000000))';

it.each([
  { synchronous: 'full', commits: 5 },
  { synchronous: 'normal', commits: 1 },
] as const)(
  'commits stay in the log of an exclusive database until it is large (synchronous: $synchronous)',
  async ({ synchronous, commits }) => {
    const file = path.join(temporaryFolder(), 'data.db');
    const opened = await openDatabase(fileStorage(file), { exclusive: true, synchronous });
    opened.database.exec('CREATE TABLE t(x)');
    let done = 0;
    while (fs.statSync(file).size < 1_000_000) {
      opened.database.exec(INSERT);
      done++;
    }
    // The commit that makes the log too large moves it.
    expect(done).toBe(commits);
    opened.close();
    expect(fs.existsSync(`${file}-wal`)).toBe(false);
  },
);
