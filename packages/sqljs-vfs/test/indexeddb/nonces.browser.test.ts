/** The nonces of encrypted records, as they stand in the browser's IndexedDB: none comes twice. */
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import type { StoreMeta } from '../../src/storages/indexeddb/commit-store.ts';
import type { ExtentRecord } from '../../src/storages/indexeddb/layout.browser.ts';
import { KEY, storedRecords } from './encrypted-storage.browser.ts';

const NONCE_BYTES = 12;
const PART_HEADER_BYTES = 16;
const SEALED_CHUNK_BYTES = 16 * 1024 + NONCE_BYTES + 16;
/** Commits of more than 8 MiB, which write their extents themselves. */
const FILL =
  'CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) ' +
  'INSERT INTO t SELECT hex(zeroblob(500000)) FROM n';
const LARGE_WRITE = "UPDATE t SET x = x || '.'";
const LARGE_WRITES = 5;
const SMALL_WRITES = 20;

type StoredRecord = ArrayBuffer | ExtentRecord | StoreMeta;

/** Adds the nonce of each stored record, chunk and tag, by what it belongs to. */
async function collect(name: string, nonces: Map<string, string>): Promise<void> {
  const add = (place: unknown, bytes: Uint8Array): void => {
    nonces.set(JSON.stringify(place), bytes.slice(0, NONCE_BYTES).join(' '));
  };
  for (const [key, value] of await storedRecords(name)) {
    const record = value as StoredRecord;
    if (record instanceof ArrayBuffer) add(key, new Uint8Array(record, PART_HEADER_BYTES));
    else if ('content' in record) {
      const { content, version } = record;
      const bytes = new Uint8Array(content instanceof Blob ? await content.arrayBuffer() : content);
      for (let start = 0; start < bytes.length; start += SEALED_CHUNK_BYTES) {
        add([key, version, start], bytes.subarray(start));
      }
    } else {
      const { seal = new Uint8Array(0), ...meta } = record;
      add(meta, seal);
    }
  }
}

it('each commit, chunk and tag that is stored has a nonce of its own', async () => {
  const name = crypto.randomUUID();
  const database = await openDatabase(indexedDbStorage(name, { durability: 'relaxed' }), { key: KEY });
  const write = (sql: string): Promise<void> =>
    database.writeTransaction(() => void database.database.exec(sql));
  const nonces = new Map<string, string>();
  await write(FILL);
  for (let large = 0; large < LARGE_WRITES; large++) {
    await collect(name, nonces);
    await write(LARGE_WRITE);
    for (let small = 0; small < SMALL_WRITES; small++) await write("INSERT INTO t VALUES ('x')");
  }
  await collect(name, nonces);
  database.close();
  const kinds = [...nonces.keys()].map((place) => /^\[\["extent|^\["commit|^\{/.exec(place)?.[0]);
  expect(new Set(kinds)).toEqual(new Set(['[["extent', '["commit', '{']));
  expect(nonces.size).toBeGreaterThan(2500);
  expect(new Set(nonces.values()).size).toBe(nonces.size);
});
