/** Refuses files that this program must not open, and leaves every byte of them as it was. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SCHEMA_VERSION, openPersistence } from '../../src/index.ts';
import { rejectionOf, receiptOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';
import { filled, otherFile, refused } from '../support/refused-file.ts';

describe('files that are not databases', () => {
  it.for([
    ['a text', 'just a text file\n'],
    ['a long text', 'text '.repeat(5000)],
    ['a truncated header', 'SQLite format 3\0 and no more'],
    ['an almost right header', `SQLite format 4\0${'\0'.repeat(5000)}`],
  ] as const)('%s', async ([, content]) => {
    const fixture = createTestDatabase();
    fs.writeFileSync(otherFile(fixture), content);
    expect((await refused(fixture)).code).toBe('NOT_A_DATABASE');
  });

  it('a directory', async () => {
    const fixture = createTestDatabase();
    fs.mkdirSync(fixture.path('folder.db'));
    const error = await rejectionOf(fixture.open({ path: fixture.path('folder.db') }));
    expect(error).toMatchObject({ code: 'INITIALIZATION_FAILED' });
    expect(error.message).toMatch(/^Database initialization failed: .*directory|not a regular file/);
    expect(fs.readdirSync(fixture.path('folder.db'))).toEqual([]);
  });
});

describe('damaged databases', () => {
  it('are refused when the schema page is overwritten', async () => {
    const fixture = createTestDatabase();
    const path = await filled(fixture);
    const bytes = fs.readFileSync(path);
    bytes.fill(0xa5, 100, 2000);
    fs.writeFileSync(path, bytes);
    const error = await refused(fixture);
    expect(error.code).toBe('CORRUPT');
    expect(error.hint).toMatch(/Restore a backup/);
  });

  it('are refused when truncated to half, and in the middle of a page', async () => {
    const fixture = createTestDatabase();
    const path = await filled(fixture);
    const whole = fs.readFileSync(path);
    for (const cut of [whole.length / 2, whole.length - 1, 4096 + 512, 4096, 512]) {
      fs.writeFileSync(path, whole.subarray(0, cut));
      expect((await refused(fixture)).code).toBe('CORRUPT');
    }
  });

  it('are reported by verify when a page deep inside is damaged', async () => {
    const fixture = createTestDatabase();
    const path = await filled(fixture);
    const bytes = fs.readFileSync(path);
    bytes.fill(0xa5, bytes.length - 8192, bytes.length - 4096);
    fs.writeFileSync(path, bytes);
    const db = await fixture.open({ path });
    const report = await db.verify();
    expect(report.ok).toBe(false);
    expect(report.problems[0]).toMatchObject({ check: 'integrity' });
  });
});

describe('databases of other programs and versions', () => {
  it('name the program version that a newer schema needs', async () => {
    const fixture = createTestDatabase();
    const path = await filled(fixture);
    const newer = SCHEMA_VERSION + 1;
    const record = JSON.stringify({ name: 'later', checksum: 'x', applied_at: '', program: '9.8.7' });
    nativeSqlite(
      path,
      `UPDATE _schema_metadata SET value = '${newer}' WHERE key = 'schema_version'`,
      `INSERT INTO _schema_metadata (key, value) VALUES ('migration_000${newer}', '${record}')`,
    );
    const error = await refused(fixture);
    expect(error.code).toBe('NEWER_SCHEMA');
    expect(error.message).toContain(`schema version ${newer}`);
    expect(error.hint).toContain('ggen-sim 9.8.7 or newer');
  });

  it('come with a command that converts WAL mode, which works', async () => {
    const fixture = createTestDatabase();
    nativeSqlite(
      otherFile(fixture),
      'PRAGMA journal_mode=WAL',
      'CREATE TABLE t(x)',
      'INSERT INTO t VALUES (1)',
    );
    const error = await refused(fixture);
    expect(error.code).toBe('WAL_MODE');
    const command = /'(PRAGMA[^']+)'/.exec(error.hint ?? '')?.[1];
    nativeSqlite(otherFile(fixture), command ?? '');
    const db = await fixture.open({ path: otherFile(fixture) });
    await db.saveReceipt(receiptOf('a'));
    await db.close();
    expect(nativeSqlite(otherFile(fixture), 'SELECT x FROM t')).toBe('1');
  });

  it('name WAL mode also when another program switches an open database to it', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('before'));
    fixture.native('PRAGMA journal_mode=WAL');
    const saves = [db.saveReceipt(receiptOf('a')), db.saveReceipt(receiptOf('b')), db.stats(), db.verify()];
    for (const outcome of await Promise.allSettled(saves)) {
      expect(outcome).toMatchObject({ reason: { name: 'PersistenceError', code: 'WAL_MODE' } });
    }
    fixture.native('PRAGMA journal_mode=DELETE');
    await db.saveReceipt(receiptOf('after'));
    expect((await db.stats()).receiptsTotal).toBe(2);
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
    ['one too many', `INSERT INTO _schema_metadata (key, value) VALUES ('migration_9999', '{}')`],
    ['version missing', `DELETE FROM _schema_metadata WHERE key = 'schema_version'`],
    ['version lowered', `UPDATE _schema_metadata SET value = '1' WHERE key = 'schema_version'`],
  ] as const)('migration records: %s', async ([, sql]) => {
    const fixture = createTestDatabase();
    nativeSqlite(await filled(fixture), sql);
    expect((await refused(fixture)).code).toBe('SCHEMA_MISMATCH');
  });
});

describe('invalid locations and options', () => {
  it('refuses a path below a file, a name with NUL, and a symlink to itself', async () => {
    const fixture = createTestDatabase();
    fs.writeFileSync(fixture.path('file'), '');
    fs.symlinkSync('loop', fixture.path('loop'));
    for (const path of [fixture.path('file', 'ggen.db'), fixture.path('a\0b'), fixture.path('loop')]) {
      const error = await rejectionOf(fixture.open({ path }));
      expect(error).toMatchObject({ name: 'PersistenceError', code: 'INITIALIZATION_FAILED' });
      expect(error.message).toMatch(/^Database initialization failed: /);
    }
  });

  it('refuses an unknown storage, a missing path and invalid options', async () => {
    const fixture = createTestDatabase();
    const wrong: [object, RegExp][] = [
      [{ path: '' }, /Missing required parameters: path/],
      [{ path: 42 }, /Invalid path/],
      [{ durability: 'sometimes' }, /Invalid durability: "sometimes"/],
      [{ retry: { busyDeadlineMs: -1 } }, /Invalid busyDeadlineMs: -1/],
      [{ retry: { ioRetries: 1.5 } }, /Invalid ioRetries/],
    ];
    for (const [options, message] of wrong) {
      const error = await rejectionOf(fixture.open(options));
      expect(error).toMatchObject({ name: 'PersistenceError', code: 'INVALID_ARGUMENT' });
      expect(error.message).toMatch(message);
    }
    expect(fs.readdirSync(fixture.folder)).toEqual([]);
  });
});

describe('storages of other platforms', () => {
  it('refuses IndexedDB in Node instead of falling back to memory', async () => {
    const error = await rejectionOf(openPersistence({ storage: 'indexeddb', name: 'x' }));
    expect(error).toMatchObject({ name: 'PersistenceError', code: 'STORAGE_UNAVAILABLE' });
  });

  it('refuses a size that is none, before it looks for the storage', async () => {
    const options = { storage: 'indexeddb', name: 'any', cacheSizeBytes: -1 } as const;
    const error = await rejectionOf(openPersistence(options));
    expect(error).toMatchObject({ name: 'PersistenceError', code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(/Invalid cacheSizeBytes: -1/);
  });
});

describe('triggers added after opening', () => {
  it('fail only the save that they refuse, with CONSTRAINT', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    fixture.native(
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

describe('files that are accepted', () => {
  it('initialises an empty file in place', async () => {
    const fixture = createTestDatabase();
    fs.writeFileSync(fixture.file, '');
    const { ino } = fs.statSync(fixture.file);
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('a'));
    expect(fs.statSync(fixture.file).ino).toBe(ino);
    expect(fixture.native('.tables').split(/\s+/).toSorted()).toEqual([
      '_change_log',
      '_schema_metadata',
      'agent_memory',
      'audit_log',
      'receipts',
    ]);
  });

  it('follows symlinks and does not replace them', async () => {
    const fixture = createTestDatabase();
    fs.mkdirSync(fixture.path('real'));
    fs.symlinkSync(fixture.path('real', 'data.db'), fixture.file);
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('a'));
    expect((await db.info()).path).toBe(fixture.path('real', 'data.db'));
    await db.close();
    expect(fs.lstatSync(fixture.file).isSymbolicLink()).toBe(true);
    expect(fs.readdirSync(fixture.path('real'))).toEqual(['data.db']);
  });
});
