/** A copy of a database with other encryption, which is checked before anything relies on it. */
import { copyStorage } from '#key-change/copy-storage';
import type { DatabaseCodec } from '../codec/database-codec.ts';
import type { EncryptionKey } from '../contract/encryption-key.ts';
import type { Storage } from '../contract/storage.ts';
import { wrapFile } from '../contract/wrap-storage.ts';
import type { DurableDatabase } from '../durable-database.ts';
import { SqliteError, VfsError } from '../errors.ts';
import { mountTarget, openDatabase } from '../open-database.ts';
import { type CopyFormat, withFormat } from './empty-database.ts';

/** Space that encryption needs at the end of each page. */
const ENCRYPTED_RESERVED_BYTES = 80;

/** What a copy must have in common with the database. The schema lists each table, index, trigger and view. */
const COMPARED = [
  'PRAGMA user_version',
  'PRAGMA application_id',
  'PRAGMA encoding',
  'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name',
];
const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name";

/**
 * Copies a database by `VACUUM INTO`, which keeps everything but free pages.
 * @param salt - the first bytes of the file whose salt the copy gets; none for a new salt
 * @param onWrite - called with the size of what has been written so far
 * @returns the storage of the copy, which the caller closes
 * @throws VfsError `CORRUPT` for a database that is damaged: its copy differs
 * @throws SqliteError when SQLite cannot read the database, or there is no room
 */
export async function makeVerifiedCopy(
  database: DurableDatabase,
  newKey: EncryptionKey | undefined,
  salt: Uint8Array,
  onWrite: (writtenBytes: number) => void,
): Promise<Storage> {
  const codec = newKey === undefined ? undefined : await codecFor(newKey);
  await codec?.prepareFor(salt);
  const copy = copyStorage(database.storage);
  try {
    vacuumInto(database, copy, codec, onWrite);
    await verify(database, copy, newKey);
    return copy;
  } catch (error) {
    copy.close?.();
    throw error;
  }
}

/** Loaded when needed, as `openDatabase` does: it loads a cipher. */
async function codecFor(key: EncryptionKey): Promise<DatabaseCodec> {
  const { DatabaseCodec } = await import('../codec/database-codec.ts');
  return new DatabaseCodec(key);
}

function vacuumInto(
  opened: DurableDatabase,
  copy: Storage,
  codec: DatabaseCodec | undefined,
  onWrite: (writtenBytes: number) => void,
): void {
  const { database } = opened;
  const format: CopyFormat = {
    reservedBytes: codec ? ENCRYPTED_RESERVED_BYTES : 0,
    autoVacuum: Number(database.exec('PRAGMA auto_vacuum')[0]?.values[0]?.[0]),
    changeCounter: opened.changeCounter(),
  };
  let writtenBytes = 0;
  const target = mountTarget(copy, {
    over(role, stored, name) {
      const counted = wrapFile(stored, {
        write(source, offset) {
          stored.write(source, offset);
          writtenBytes += source.length;
          onWrite(writtenBytes);
        },
      });
      const file = codec?.over(role, counted, name) ?? counted;
      return role === 'main' ? withFormat(file, format) : file;
    },
  });
  try {
    database.exec(`VACUUM INTO '${target.name}'`);
  } catch (error) {
    const cause = target.failures.lastError;
    throw error instanceof SqliteError && cause !== undefined
      ? new SqliteError(error.resultCode, error.message, cause)
      : error;
  } finally {
    target.release();
  }
}

async function verify(
  database: DurableDatabase,
  copy: Storage,
  newKey: EncryptionKey | undefined,
): Promise<void> {
  // The caller still needs the storage.
  const opened = await openDatabase(
    { ...copy, close: () => undefined },
    { ...(newKey !== undefined && { key: newKey }) },
  );
  try {
    const integrity = JSON.stringify(opened.database.exec('PRAGMA integrity_check')[0]?.values);
    if (integrity !== '[["ok"]]') throw differs(database, `it is damaged: ${integrity}`);
    for (const query of COMPARED) assertEqual(database, opened, query);
    for (const [table] of database.database.exec(TABLES)[0]?.values ?? []) {
      assertEqual(database, opened, `SELECT count(*) FROM "${String(table).replaceAll('"', '""')}"`);
    }
  } finally {
    opened.close();
  }
}

function assertEqual(database: DurableDatabase, copy: DurableDatabase, query: string): void {
  const [before, after] = [database, copy].map((each) => JSON.stringify(each.database.exec(query)));
  if (before !== after) throw differs(database, `${query} differs`);
}

function differs({ storage }: DurableDatabase, reason: string): VfsError {
  return new VfsError('CORRUPT', `the copy of ${storage.name} is not what it should be: ${reason}`, {
    hint: 'Nothing was changed. Check the database.',
  });
}
