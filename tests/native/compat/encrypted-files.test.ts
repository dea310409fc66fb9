/** Encrypted databases, which SQLCipher 4, SQLite3 Multiple Ciphers and this package read, write and recover in turn. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { startChild, temporaryFolder } from './child-process.ts';
import { SCHEMA } from './children/rows.mjs';
import {
  CHECKS,
  copyWithJournal,
  KEY,
  recoverOurselves,
  recoverWith,
  SEED,
  SEED_ROWS,
  seededFile,
  STATE,
  valuesOf,
} from './encrypted-databases.ts';
import { MULTIPLE_CIPHERS, SQLCIPHER } from './sqlcipher/cipher-engine.ts';

/** Changes most pages, and with a small cache writes them before the transaction ends. */
const UNFINISHED =
  "PRAGMA cache_size = 2; BEGIN; UPDATE rows SET filler = filler || '.'; DELETE FROM rows WHERE rowid > 150;";
const INTACT = ['1|200'];
/** The sweep meets each seventh operation, and each with SWEEP=all. */
const STEP = process.env['SWEEP'] === 'all' ? 1 : 7;
const MAX_OPERATIONS = 200;
const RECORD_BYTES = 4096 + 8;

const ENGINES = [SQLCIPHER, MULTIPLE_CIPHERS];

beforeAll(() => Promise.all(ENGINES.map((engine) => engine.build())));

describe.each([
  ['a raw key', KEY],
  ['a passphrase', 'correct horse battery staple'],
])('with %s', (_, key) => {
  it.each(ENGINES.flatMap((engine) => [false, true].map((exclusive) => ({ engine, exclusive }))))(
    '$engine.name reads what we write, and we read what it writes; exclusive: $exclusive',
    async ({ engine, exclusive }) => {
      const file = path.join(temporaryFolder(), 'ours.db');
      const ours = await openDatabase(fileStorage(file), { key, exclusive });
      ours.database.exec(`${SCHEMA}; ${SEED}`);
      ours.database.exec(
        "BEGIN; SAVEPOINT s; UPDATE rows SET filler = 'x'; ROLLBACK TO s; DELETE FROM rows WHERE rowid = 7; ROLLBACK",
      );
      const rows = valuesOf(ours, 'SELECT * FROM rows ORDER BY name');
      ours.close();
      expect(engine.run(file, key, ...CHECKS)).toEqual(['ok']);
      expect(engine.run(file, key, 'SELECT * FROM rows ORDER BY name;')).toEqual(rows);
      engine.run(
        file,
        key,
        "INSERT INTO rows VALUES ('theirs', 'y');",
        'UPDATE total SET n = n + 1;',
        'VACUUM;',
      );
      const again = await openDatabase(fileStorage(file), { key, exclusive });
      expect(valuesOf(again, 'PRAGMA integrity_check')).toEqual(['ok']);
      expect(valuesOf(again, STATE)).toEqual(['1|201']);
      again.close();
    },
  );
});

describe.each(ENGINES)('a killed $name', (engine) => {
  it('leaves a hot journal that we roll back, as it does itself', async () => {
    const file = seededFile(engine);
    const killed = await engine.start(file, KEY);
    await killed.run(UNFINISHED);
    await killed.kill();
    const copy = copyWithJournal(file, `${file}-copy`);
    expect(await recoverOurselves(file, KEY)).toEqual(INTACT);
    expect(recoverWith(engine, copy)).toEqual(INTACT);
  });

  it('leaves a log that we take over', async () => {
    const file = seededFile(engine);
    const killed = await engine.start(file, KEY);
    await killed.run('PRAGMA journal_mode=WAL;');
    await killed.run("INSERT INTO rows VALUES ('logged', 'x'); UPDATE total SET n = n + 1;");
    await killed.run(UNFINISHED);
    await killed.kill();
    const owner = await openDatabase(fileStorage(file), { key: KEY, exclusive: true });
    expect(valuesOf(owner, STATE)).toEqual(['1|201']);
    owner.close();
    expect(recoverWith(engine, file)).toEqual(['1|201']);
  });
});

it('the log that a killed owner of ours leaves is recovered by SQLCipher', async () => {
  const file = seededFile();
  const owner = await openDatabase(fileStorage(file), { key: KEY, exclusive: true });
  owner.database.exec("INSERT INTO rows VALUES ('logged', 'x'); UPDATE total SET n = n + 1");
  owner.database.exec(
    "PRAGMA cache_size = 2; BEGIN; UPDATE rows SET filler = filler || '.'; UPDATE rows SET filler = filler || ':'",
  );
  const copy = copyWithJournal(file, `${file}-copy`);
  owner.database.exec('COMMIT');
  const committed = copyWithJournal(file, `${file}-committed`);
  owner.close();
  expect(recoverWith(SQLCIPHER, copy)).toEqual(['1|201']);
  expect(recoverWith(SQLCIPHER, committed)).toEqual(['1|201']);
  expect(SQLCIPHER.run(committed, KEY, "SELECT count(*) FROM rows WHERE filler LIKE '%.:';")).toEqual([
    '201',
  ]);
});

it('killed before its file operations, our process leaves what we and SQLCipher recover', async () => {
  const seeded = seededFile();
  const file = `${seeded}-copy`;
  let hotJournals = 0;
  for (let operation = 0; ; operation += STEP) {
    expect(operation, 'the sweep comes to an end').toBeLessThan(MAX_OPERATIONS);
    copyWithJournal(seeded, file);
    const end = await startChild(
      'dying-writer',
      file,
      'last',
      String(operation),
      Buffer.from(KEY).toString('hex'),
    ).ended;
    if (fs.existsSync(`${file}-journal`) && fs.readFileSync(`${file}-journal`)[0] === 0xd9) hotJournals++;
    const [state] = operation % 2 === 0 ? recoverWith(SQLCIPHER, file) : await recoverOurselves(file, KEY);
    const [isWhole, total] = state?.split('|') ?? [];
    expect(isWhole, `operation ${operation}: no half transaction`).toBe('1');
    expect(Number(total), `operation ${operation}`).toBeGreaterThanOrEqual(
      SEED_ROWS + end.acknowledged.length,
    );
    if (end.exitCode === 0) break;
    expect(end).toMatchObject({ signal: 'SIGKILL', stderr: '' });
  }
  expect(hotJournals).toBeGreaterThan(3);
});

describe('a journal with checksums of plain pages', () => {
  /** Replaces the checksums of a journal by those of the decrypted pages. */
  function withPlainChecksums(journal: Buffer): Buffer {
    const changed = Buffer.from(journal);
    const sectorSizeBytes = journal.readUInt32BE(20);
    let header = 0;
    while (header + sectorSizeBytes <= journal.length) {
      const nonce = journal.readUInt32BE(header + 12);
      let offset = header + sectorSizeBytes;
      for (let left = journal.readUInt32BE(header + 8); left > 0; left--) {
        changed.writeUInt32BE(plainChecksum(journal, offset, nonce), offset + 4 + 4096);
        offset += RECORD_BYTES;
      }
      if (offset === header + sectorSizeBytes) break;
      header = Math.ceil(offset / sectorSizeBytes) * sectorSizeBytes;
    }
    return changed;
  }

  function plainChecksum(journal: Buffer, record: number, nonce: number): number {
    const page = journal.subarray(record + 4, record + 4 + 4096);
    const start = journal.readUInt32BE(record) === 1 ? 16 : 0;
    const decipher = crypto.createDecipheriv('aes-256-cbc', KEY, page.subarray(4016, 4032));
    const plain = decipher.setAutoPadding(false).update(page.subarray(start, 4016));
    let sum = nonce;
    for (let index = 4096 - 200; index > 0; index -= 200) sum += plain[index - start] as number;
    return sum >>> 0;
  }

  /** The hot journals of a process of ours and of a killed SQLCipher, each beside its database. */
  async function hotJournals(): Promise<string[]> {
    const file = seededFile();
    const ours = await openDatabase(fileStorage(file), { key: KEY });
    ours.database.exec(UNFINISHED);
    const copy = copyWithJournal(file, `${file}-ours`);
    ours.database.exec('ROLLBACK');
    ours.close();
    const killed = await SQLCIPHER.start(file, KEY);
    await killed.run(UNFINISHED);
    await killed.kill();
    return [copy, file];
  }

  it('is what Multiple Ciphers needs: it takes those of SQLCipher and ours for finished, without an error', async () => {
    for (const file of await hotJournals()) {
      const copy = copyWithJournal(file, `${file}-copy`);
      fs.writeFileSync(`${copy}-journal`, withPlainChecksums(fs.readFileSync(`${copy}-journal`)));
      expect(recoverWith(MULTIPLE_CIPHERS, copy)).toEqual(INTACT);
      // What docs/encryption.md warns of.
      expect(() => recoverWith(MULTIPLE_CIPHERS, file)).toThrow(/./);
      expect(fs.existsSync(`${file}-journal`)).toBe(false);
    }
  });

  it('is rolled back by us; SQLCipher leaves a half-written database, which the checks above notice', async () => {
    const file = seededFile();
    const ours = await openDatabase(fileStorage(file), { key: KEY });
    ours.database.exec(UNFINISHED);
    const copies = [`${file}-1`, `${file}-2`].map((copy) => copyWithJournal(file, copy));
    ours.database.exec('ROLLBACK');
    ours.close();
    for (const copy of copies) {
      const journal = withPlainChecksums(fs.readFileSync(`${copy}-journal`));
      fs.writeFileSync(`${copy}-journal`, journal);
    }
    expect(await recoverOurselves(copies[0] as string, KEY)).toEqual(INTACT);
    expect(() => expect(recoverWith(SQLCIPHER, copies[1] as string)).toEqual(INTACT)).toThrow(/./);
  });
});
