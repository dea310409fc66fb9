/** What is not ours to open is refused, and left byte for byte as it was. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PersistenceError, SCHEMA_VERSION, openPersistence } from '../../src/index.ts';
import { rejectionOf, receiptOf } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';
import { stateOf } from '../support/file-state.ts';
import { ORIGINAL_ROWS, ORIGINAL_SCHEMA } from './original-schema.ts';

/** A path beside the place's own file, which stays free of damage. */
const other = (place: TestDatabase): string => place.path('other.db');

async function refused(place: TestDatabase, path: string = other(place)): Promise<PersistenceError> {
  fs.chmodSync(path, 0o644);
  const before = stateOf(path);
  const error = await rejectionOf(place.open({ path, retry: { busyDeadlineMs: 200 } }));
  expect(error).toBeInstanceOf(PersistenceError);
  expect((error as PersistenceError).operation).toBe('open');
  expect(stateOf(path)).toEqual(before);
  expect(fs.readdirSync(place.folder)).toEqual(['other.db']);
  return error as PersistenceError;
}

/** A database of ours with a page or two of rows. */
async function filled(place: TestDatabase): Promise<string> {
  const db = await place.open({ path: other(place) });
  await db.saveReceipts(Array.from({ length: 500 }, (_, index) => receiptOf(`e-${index}`)));
  await db.close();
  return other(place);
}

describe('files that are no database', () => {
  it.for([
    ['a text', 'just a text file\n'],
    ['a long text', 'text '.repeat(5000)],
    ['a header cut short', 'SQLite format 3\0 and no more'],
    ['an almost right header', `SQLite format 4\0${'\0'.repeat(5000)}`],
  ] as const)('%s', async ([, content]) => {
    const place = createTestDatabase();
    fs.writeFileSync(other(place), content);
    expect((await refused(place)).code).toBe('NOT_A_DATABASE');
  });

  it('a directory', async () => {
    const place = createTestDatabase();
    fs.mkdirSync(place.path('folder.db'));
    const error = await rejectionOf(place.open({ path: place.path('folder.db') }));
    expect(error).toMatchObject({ code: 'INITIALIZATION_FAILED' });
    expect(error.message).toMatch(/^Database initialization failed: .*directory|not a regular file/);
    expect(fs.readdirSync(place.path('folder.db'))).toEqual([]);
  });
});

describe('damaged databases', () => {
  it('the schema page overwritten', async () => {
    const place = createTestDatabase();
    const path = await filled(place);
    const bytes = fs.readFileSync(path);
    bytes.fill(0xa5, 100, 2000);
    fs.writeFileSync(path, bytes);
    const error = await refused(place);
    expect(error.code).toBe('CORRUPT');
    expect(error.hint).toMatch(/Restore a backup/);
  });

  it('cut to half, and in the middle of a page', async () => {
    const place = createTestDatabase();
    const path = await filled(place);
    const whole = fs.readFileSync(path);
    for (const cut of [whole.length / 2, whole.length - 1, 4096 + 512, 4096, 512]) {
      fs.writeFileSync(path, whole.subarray(0, cut));
      expect((await refused(place)).code).toBe('CORRUPT');
    }
  });

  it('damage deep inside is found by verify, not adopted as sound', async () => {
    const place = createTestDatabase();
    const path = await filled(place);
    const bytes = fs.readFileSync(path);
    bytes.fill(0xa5, bytes.length - 8192, bytes.length - 4096);
    fs.writeFileSync(path, bytes);
    const db = await place.open({ path });
    const report = await db.verify();
    expect(report.ok).toBe(false);
    expect(report.problems[0]).toMatchObject({ check: 'integrity' });
  });
});

describe('databases of others', () => {
  it('a newer schema: says which program is needed', async () => {
    const place = createTestDatabase();
    const path = await filled(place);
    const newer = SCHEMA_VERSION + 1;
    const record = JSON.stringify({ name: 'later', checksum: 'x', applied_at: '', program: '9.8.7' });
    nativeSqlite(
      path,
      `UPDATE _schema_metadata SET value = '${newer}' WHERE key = 'schema_version'`,
      `INSERT INTO _schema_metadata (key, value) VALUES ('migration_000${newer}', '${record}')`,
    );
    const error = await refused(place);
    expect(error.code).toBe('NEWER_SCHEMA');
    expect(error.message).toContain(`schema version ${newer}`);
    expect(error.hint).toContain('ggen-sim 9.8.7 or newer');
  });

  it('WAL mode: says how to convert it, and the way works', async () => {
    const place = createTestDatabase();
    nativeSqlite(other(place), 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x)', 'INSERT INTO t VALUES (1)');
    const error = await refused(place);
    expect(error.code).toBe('WAL_MODE');
    const command = /'(PRAGMA[^']+)'/.exec(error.hint ?? '')?.[1];
    nativeSqlite(other(place), command ?? '');
    const db = await place.open({ path: other(place) });
    await db.saveReceipt(receiptOf('a'));
    await db.close();
    expect(nativeSqlite(other(place), 'SELECT x FROM t')).toBe('1');
  });

  it.for([
    ['table', 'CREATE TABLE receipts (id INTEGER PRIMARY KEY, total REAL)', /receipts.*receipt_id/],
    ['view', 'CREATE VIEW audit_log AS SELECT 1 AS one', /audit_log.*audit_id/],
    [
      'view with our columns',
      `${ORIGINAL_SCHEMA.replace('TABLE receipts', 'TABLE bills')} CREATE VIEW receipts AS SELECT * FROM bills`,
      /receipts/,
    ],
    [
      'table without our keys',
      `CREATE TABLE agent_memory (memory_id, agent_id, agent_type, memory_json, last_updated, version)`,
      /agent_memory/,
    ],
  ] as const)('a %s of our name that is not ours', async ([, sql, message]) => {
    const place = createTestDatabase();
    nativeSqlite(other(place), sql);
    const error = await refused(place);
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.message).toMatch(message);
  });

  it.for([
    [
      'edited',
      `UPDATE _schema_metadata SET value = replace(value, '"checksum":"', '"checksum":"0') WHERE key = 'migration_0001'`,
    ],
    ['no JSON', `UPDATE _schema_metadata SET value = 'x' WHERE key = 'migration_0002'`],
    ['missing in the middle', `DELETE FROM _schema_metadata WHERE key = 'migration_0001'`],
    ['missing at the end', `DELETE FROM _schema_metadata WHERE key = 'migration_0002'`],
    ['all missing', `DELETE FROM _schema_metadata WHERE key LIKE 'migration%'`],
    ['one too many', `INSERT INTO _schema_metadata (key, value) VALUES ('migration_0003', '{}')`],
    ['version missing', `DELETE FROM _schema_metadata WHERE key = 'schema_version'`],
    ['version lowered', `UPDATE _schema_metadata SET value = '1' WHERE key = 'schema_version'`],
  ] as const)('migration records: %s', async ([, sql]) => {
    const place = createTestDatabase();
    nativeSqlite(await filled(place), sql);
    expect((await refused(place)).code).toBe('SCHEMA_MISMATCH');
  });
});

describe('places that cannot be', () => {
  it('a path below a file, a name with NUL, a chain of symlinks to itself', async () => {
    const place = createTestDatabase();
    fs.writeFileSync(place.path('file'), '');
    fs.symlinkSync('loop', place.path('loop'));
    for (const path of [place.path('file', 'ggen.db'), place.path('a\0b'), place.path('loop')]) {
      const error = await rejectionOf(place.open({ path }));
      expect(error).toMatchObject({ name: 'PersistenceError', code: 'INITIALIZATION_FAILED' });
      expect(error.message).toMatch(/^Database initialization failed: /);
    }
  });

  it('a wrong storage, a missing path, wrong options', async () => {
    const place = createTestDatabase();
    const wrong: [object, RegExp][] = [
      [{ path: '' }, /Missing required parameters: path/],
      [{ path: 42 }, /Invalid path/],
      [{ durability: 'sometimes' }, /Invalid durability: "sometimes"/],
      [{ retry: { busyDeadlineMs: -1 } }, /Invalid busyDeadlineMs: -1/],
      [{ retry: { ioRetries: 1.5 } }, /Invalid ioRetries/],
    ];
    for (const [options, message] of wrong) {
      const error = await rejectionOf(place.open(options));
      expect(error).toMatchObject({ name: 'PersistenceError', code: 'INVALID_ARGUMENT' });
      expect(error.message).toMatch(message);
    }
    expect(fs.readdirSync(place.folder)).toEqual([]);
  });
});

describe('what is not here', () => {
  it('IndexedDB, in Node: nothing falls back to memory', async () => {
    const error = await rejectionOf(openPersistence({ storage: 'indexeddb', name: 'x' }));
    expect(error).toMatchObject({ name: 'PersistenceError', code: 'STORAGE_UNAVAILABLE' });
  });
});

describe('rules of others', () => {
  it('a trigger that refuses a row fails that save alone, as CONSTRAINT', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    place.native(
      `CREATE TRIGGER no_guests BEFORE INSERT ON receipts WHEN NEW.agent_id = 'guest'
         BEGIN SELECT RAISE(ABORT, 'no guests'); END`,
    );
    const [guest, member] = await Promise.allSettled([
      db.saveReceipt(receiptOf('a', { agentId: 'guest' })),
      db.saveReceipt(receiptOf('b')),
    ]);
    expect((guest as PromiseRejectedResult).reason).toMatchObject({ code: 'CONSTRAINT' });
    expect(member.status).toBe('fulfilled');
  });
});

describe('what is not refused', () => {
  it('an empty file is initialised, in place', async () => {
    const place = createTestDatabase();
    fs.writeFileSync(place.file, '');
    const { ino } = fs.statSync(place.file);
    const db = await place.open();
    await db.saveReceipt(receiptOf('a'));
    expect(fs.statSync(place.file).ino).toBe(ino);
    expect(place.native('.tables').split(/\s+/).toSorted()).toEqual([
      '_schema_metadata',
      'agent_memory',
      'audit_log',
      'receipts',
    ]);
  });

  it('a foreign database keeps its tables, through everything that replaces ours but an image', async () => {
    const place = createTestDatabase();
    place.native(
      'CREATE TABLE theirs(x); INSERT INTO theirs VALUES (42); CREATE INDEX theirs_x ON theirs(x)',
    );
    const db = await place.open();
    await db.saveReceipt(receiptOf('a'));
    await db.exportBackup({ directory: place.path('backup') });
    await db.reset();
    await db.restoreBackup({ directory: place.path('backup'), from: 'json' });
    expect(place.native('SELECT x FROM theirs INDEXED BY theirs_x WHERE x = 42')).toBe('42');
  });

  it('symlinks are followed, not replaced', async () => {
    const place = createTestDatabase();
    fs.mkdirSync(place.path('real'));
    fs.symlinkSync(place.path('real', 'data.db'), place.file);
    const db = await place.open();
    await db.saveReceipt(receiptOf('a'));
    expect((await db.info()).path).toBe(place.path('real', 'data.db'));
    await db.close();
    expect(fs.lstatSync(place.file).isSymbolicLink()).toBe(true);
    expect(fs.readdirSync(place.path('real'))).toEqual(['data.db']);
  });

  it('rows of the original scripts', async () => {
    const place = createTestDatabase();
    place.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    const db = await place.open();
    expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual([
      'exec-002',
      'exec-001',
    ]);
  });
});
