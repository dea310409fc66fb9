/** A database with everything that a copy could lose, and looks at it. */
import {
  type EncryptionKey,
  MemoryDisk,
  memoryStorage,
  openDatabase,
  type Storage,
} from '../../src/index.ts';

const SCHEMA = `
  PRAGMA user_version = 7; PRAGMA application_id = 11;
  CREATE TABLE kept(value); INSERT INTO kept(rowid, value) VALUES (5, 'five'), (9, hex(zeroblob(9000)));
  CREATE TABLE numbered(id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT); INSERT INTO numbered VALUES (40, 'x');
  CREATE TABLE "with "" quote"(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO "with "" quote" VALUES ('a', 1.0);
  CREATE TABLE derived(a, b AS (a + 1) STORED); INSERT INTO derived VALUES (1);
  CREATE INDEX by_value ON kept(value); CREATE VIEW all_kept AS SELECT * FROM kept;
  CREATE TRIGGER counted AFTER INSERT ON kept BEGIN UPDATE numbered SET text = text || '.'; END;
  CREATE VIRTUAL TABLE words USING fts4(body); INSERT INTO words VALUES ('some words');
  ANALYZE;
`;
const CONTENT = [
  'PRAGMA user_version',
  'PRAGMA application_id',
  'PRAGMA encoding',
  'PRAGMA auto_vacuum',
  'PRAGMA integrity_check',
  'SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2',
  'SELECT rowid, value FROM kept',
  'SELECT * FROM numbered',
  'SELECT * FROM sqlite_sequence',
  'SELECT * FROM sqlite_stat1',
  'SELECT * FROM "with "" quote"',
  'SELECT * FROM derived',
  "SELECT * FROM words WHERE words MATCH 'words'",
];

/** @param first - statements before anything else, such as a page size */
export async function fill(storage: Storage, key: EncryptionKey | undefined, first = ''): Promise<void> {
  const opened = await openDatabase(storage, key === undefined ? {} : { key });
  opened.database.exec(first);
  opened.database.exec(SCHEMA);
  opened.close();
}

export async function diskWith(key: EncryptionKey | undefined, first = ''): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await fill(memoryStorage(disk), key, first);
  return disk;
}

export async function contentOf(storage: Storage, key: EncryptionKey | undefined): Promise<unknown> {
  const opened = await openDatabase(storage, { busyDeadlineMs: 0, ...(key !== undefined && { key }) });
  try {
    return CONTENT.map((query) => opened.database.exec(query));
  } finally {
    opened.close();
  }
}

export async function counterOf(storage: Storage, key: EncryptionKey | undefined): Promise<number> {
  const opened = await openDatabase(storage, key === undefined ? {} : { key });
  const counter = opened.changeCounter();
  opened.close();
  return counter;
}

/** @returns a disk with the same files, which no connection has open */
export function copyOf(disk: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const [role, bytes] of disk.files) copy.files.set(role, bytes.copy());
  return copy;
}

/** @returns the database file, one character a byte: texts are compared quickly */
export function bytesOf(disk: MemoryDisk): string {
  return new TextDecoder('latin1').decode(disk.files.get('main')?.view());
}
