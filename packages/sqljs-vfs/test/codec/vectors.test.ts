/** The random vectors of encrypted pages, as they stand in a real file, its journal and its log: none comes twice. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { observedStorage } from '../../src/testing/index.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const KEY = new Uint8Array(32).fill(7);
const PAGE_BYTES = 4096;
const VECTOR_OFFSET = PAGE_BYTES - 80;
const VECTOR_BYTES = 16;
const TRANSACTIONS = 60;
/** A table of some thirty pages, all of which each transaction writes. */
const FILL =
  'BEGIN; CREATE TABLE t(x, n); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) ' +
  'INSERT INTO t SELECT hex(zeroblob(900)), 0 FROM n; COMMIT';
const WRITE = 'UPDATE t SET n = n + 1';

/** Reads the vectors of pages that follow each other. @param start - of the first page @param stepBytes - to the next one */
function vectorsOf(file: Buffer, start: number, stepBytes: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const offset = start + index * stepBytes + VECTOR_OFFSET;
    return file.toString('hex', offset, offset + VECTOR_BYTES);
  });
}

it('each page that is written into the file or its journal has a vector of its own', async () => {
  const file = path.join(temporaryFolder(), 'encrypted.db');
  const vectors = new Set<string>();
  let writtenPages = 0;
  const storage = observedStorage(fileStorage(file), ({ verb, role, sizeBytes }) => {
    if (verb === 'write' && role === 'main') writtenPages += sizeBytes / PAGE_BYTES;
    // The end of a transaction.
    if (role !== 'journal' || (verb !== 'truncate' && verb !== 'delete')) return;
    const journal = fs.readFileSync(`${file}-journal`);
    if (journal.length === 0) return;
    const [records, sectorBytes] = [journal.readUInt32BE(8), journal.readUInt32BE(20)];
    writtenPages += records;
    for (const vector of vectorsOf(journal, sectorBytes + 4, PAGE_BYTES + 8, records)) vectors.add(vector);
  });
  const opened = await openDatabase(storage, { key: KEY });
  for (let transaction = 0; transaction <= TRANSACTIONS; transaction++) {
    opened.database.exec(transaction === 0 ? FILL : WRITE);
    const stored = fs.readFileSync(file);
    for (const vector of vectorsOf(stored, 0, PAGE_BYTES, stored.length / PAGE_BYTES)) vectors.add(vector);
  }
  opened.close();
  expect(writtenPages).toBeGreaterThan(3000);
  expect(vectors.size).toBe(writtenPages);
});

it('each page that is written into the log, and from there into the file, has a vector of its own', async () => {
  const file = path.join(temporaryFolder(), 'encrypted.db');
  const opened = await openDatabase(fileStorage(file), { key: KEY, exclusive: true });
  opened.database.exec(FILL);
  for (let transaction = 0; transaction < TRANSACTIONS; transaction++) opened.database.exec(WRITE);
  const log = fs.readFileSync(`${file}-wal`);
  const frameBytes = 24 + PAGE_BYTES;
  const frames = vectorsOf(log, 32 + 24, frameBytes, Math.floor((log.length - 32) / frameBytes));
  opened.close();
  const stored = fs.readFileSync(file);
  const pages = vectorsOf(stored, 0, PAGE_BYTES, stored.length / PAGE_BYTES);
  expect(frames.length).toBeGreaterThan(1500);
  expect(new Set([...frames, ...pages]).size).toBe(frames.length + pages.length);
});
