/** A change of the key that ends in the middle, and SQLCipher or native SQLite as the first to open the file. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { changeDatabaseKey } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { observedStorage } from '@ggen-sim/sqljs-vfs/testing';
import { nativeSqlite, startChild, temporaryFolder } from './child-process.ts';
import { SCHEMA } from './children/rows.mjs';
import {
  copyWithJournal,
  KEY,
  recoverOurselves,
  recoverWith,
  SEED,
  seededFile,
  STATE,
} from './encrypted-databases.ts';
import { SQLCIPHER } from './sqlcipher/cipher-engine.ts';

const NEW_KEY = new Uint8Array(32).fill(0xcd);
const OLD_ROWS = ['1|200'];

beforeAll(() => SQLCIPHER.build());

const hasJournal = (file: string): boolean =>
  fs.existsSync(`${file}-journal`) && fs.readFileSync(`${file}-journal`)[0] === 0xd9;

function plainFile(): string {
  const file = path.join(temporaryFolder(), 'plain.db');
  nativeSqlite(file, `${SCHEMA}; ${SEED}`);
  return file;
}

function recoverNatively(file: string): string[] {
  const [state = '', integrity] = nativeSqlite(file, STATE, 'PRAGMA integrity_check').split('\n');
  expect(integrity).toBe('ok');
  return [state];
}

const withSqlCipher = (file: string): string[] => recoverWith(SQLCIPHER, file);

describe.each([
  { change: 'another key', key: KEY, newKey: NEW_KEY, make: seededFile, recover: withSqlCipher },
  { change: 'decryption', key: KEY, newKey: undefined, make: seededFile, recover: withSqlCipher },
  { change: 'encryption', key: undefined, newKey: NEW_KEY, make: plainFile, recover: recoverNatively },
])('$change', ({ key, newKey, make, recover }) => {
  /** True when the old rows, and no damage, are in the database alone. */
  function isIntactAlone(file: string): boolean {
    fs.copyFileSync(file, `${file}-alone`);
    try {
      expect(recover(`${file}-alone`)).toEqual(OLD_ROWS);
      return true;
    } catch {
      return false;
    }
  }

  it('interrupted before any of its operations is undone by another program with the old key', async () => {
    const file = make();
    const old = fs.readFileSync(file);
    const pictures: string[] = [];
    const storage = observedStorage(fileStorage(file), ({ verb, role }) => {
      if (role === 'wal' || !['write', 'truncate', 'sync', 'delete'].includes(verb)) return;
      pictures.push(copyWithJournal(file, `${file}-${pictures.length}`));
    });
    await changeDatabaseKey(storage, { key, newKey });
    let savedByJournal = 0;
    for (const picture of pictures) {
      if (hasJournal(picture) && !isIntactAlone(picture)) savedByJournal++;
      expect([picture, recover(picture)]).toEqual([picture, OLD_ROWS]);
      expect(fs.readFileSync(picture).equals(old)).toBe(true);
    }
    // Page 1 comes last: with pages of both databases, and with all of the new one.
    expect(savedByJournal).toBeGreaterThan(3);
    expect(() => recover(file)).toThrow(/not a database/);
  });

  it('killed is undone by another program, and works the next time', async () => {
    const file = make();
    const keys = [key, newKey].map((each) => Buffer.from(each ?? []).toString('hex'));
    const killed = await startChild('dying-key-change', file, ...keys).ended;
    expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    expect(hasJournal(file)).toBe(true);
    expect(isIntactAlone(file)).toBe(false);
    expect(recover(file)).toEqual(OLD_ROWS);
    await changeDatabaseKey(fileStorage(file), { key, newKey });
    expect(await recoverOurselves(file, newKey)).toEqual(OLD_ROWS);
  });
});
