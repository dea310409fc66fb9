/** Page 1 of an encrypted file is decrypted once, and again when anybody has written it. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { observedStorage, type StorageCall } from '../../src/testing/index.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const KEY = new Uint8Array(32).fill(7);
const TAIL_BYTES = 80;

interface Observed {
  readonly calls: StorageCall[];
  failNextWrite: boolean;
}

/** Opens an encrypted file whose calls are noted. */
async function openObserved(
  file: string,
): Promise<Observed & { read: () => unknown; exec: (sql: string) => void; close: () => void }> {
  const observed: Observed = { calls: [], failNextWrite: false };
  const storage = observedStorage(fileStorage(file), (call) => {
    observed.calls.push(call);
    if (call.verb !== 'write' || call.role !== 'main' || !observed.failNextWrite) return;
    observed.failNextWrite = false;
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  const connection = await openDatabase(storage, { key: KEY });
  const { database } = connection;
  return Object.assign(observed, {
    read: () => database.exec('SELECT x FROM t')[0]?.values,
    exec: (sql: string) => void database.exec(sql),
    close: () => connection.close(),
  });
}

it('a query whose pages are in the cache reads the end of page 1 alone', async () => {
  const opened = await openObserved(path.join(temporaryFolder(), 'encrypted.db'));
  opened.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  opened.read();
  opened.calls.length = 0;
  expect(opened.read()).toEqual([[1]]);
  const reads = opened.calls.filter(({ verb }) => verb === 'read');
  expect(reads).toEqual([{ verb: 'read', role: 'main', sizeBytes: TAIL_BYTES }]);
  opened.close();
});

it('what another connection has written is read', async () => {
  const file = path.join(temporaryFolder(), 'encrypted.db');
  const opened = await openObserved(file);
  opened.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  const other = await openObserved(file);
  for (let value = 2; value < 5; value++) {
    expect(opened.read()).toEqual([[value - 1]]);
    other.exec(`UPDATE t SET x = ${value}`);
    expect(opened.read()).toEqual([[value]]);
    expect(other.read()).toEqual([[value]]);
  }
  other.close();
  opened.close();
});

it('a failed write of page 1 leaves what was stored', async () => {
  const file = path.join(temporaryFolder(), 'encrypted.db');
  const opened = await openObserved(file);
  opened.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  opened.failNextWrite = true;
  expect(() => opened.exec('UPDATE t SET x = 2')).toThrow(/full/i);
  expect(opened.failNextWrite).toBe(false);
  expect(opened.read()).toEqual([[1]]);
  opened.exec('UPDATE t SET x = 3');
  const other = await openObserved(file);
  expect(other.read()).toEqual([[3]]);
  other.close();
  opened.close();
});
