import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

it('VACUUM finds a folder for its temporary file where the environment may not be read, as in Deno', async () => {
  const forbidden = new Proxy(process.env, {
    get(env, name: string) {
      if (!name.endsWith('TMPDIR')) return env[name];
      throw new Error('NotCapable: Requires env access, run again with the --allow-env flag');
    },
  });
  const opened = await openDatabase(fileStorage(path.join(temporaryFolder(), 'data.db')));
  onTestFinished(() => opened.close());
  const { database } = opened;
  database.run(
    'CREATE TABLE t(filler BLOB); INSERT INTO t VALUES (zeroblob(300000)); PRAGMA cache_size = 10',
  );
  const created = vi.spyOn(fs, 'openSync');
  onTestFinished(() => created.mockRestore());
  const { env } = process;
  process.env = forbidden;
  try {
    database.run('VACUUM');
  } finally {
    process.env = env;
  }
  const folders = created.mock.calls.map(([file]) => path.dirname(String(file)));
  expect(folders).toContain('/var/tmp');
});
