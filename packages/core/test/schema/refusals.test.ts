/** Refuses files that this program must not open, and leaves every byte of them as it was. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PersistenceError, SCHEMA_VERSION, openPersistence } from '../../src/index.ts';
import { auditOf, memoryOf, rejectionOf, receiptOf } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';
import { stateOf } from '../support/file-state.ts';
import { ORIGINAL_ROWS, ORIGINAL_SCHEMA } from './original-schema.ts';

/** Path of a second file, so that the fixture's own database stays intact. */
const other = (fixture: TestDatabase): string => fixture.path('other.db');

async function refused(fixture: TestDatabase, path: string = other(fixture)): Promise<PersistenceError> {
  fs.chmodSync(path, 0o644);
  const before = stateOf(path);
  const error = await rejectionOf(fixture.open({ path, retry: { busyDeadlineMs: 200 } }));
  expect(error).toBeInstanceOf(PersistenceError);
  expect((error as PersistenceError).operation).toBe('open');
  expect(stateOf(path)).toEqual(before);
  expect(fs.readdirSync(fixture.folder)).toEqual(['other.db']);
  return error as PersistenceError;
}

/** Makes a database of this program with a page or two of rows. */
async function filled(fixture: TestDatabase): Promise<string> {
  const db = await fixture.open({ path: other(fixture) });
  await db.saveReceipts(Array.from({ length: 500 }, (_, index) => receiptOf(`e-${index}`)));
  await db.close();
  return other(fixture);
}

describe('files that are not databases', () => {
  it.for([
    ['a text', 'just a text file\n'],
    ['a long text', 'text '.repeat(5000)],
    ['a truncated header', 'SQLite format 3\0 and no more'],
    ['an almost right header', `SQLite format 4\0${'\0'.repeat(5000)}`],
  ] as const)('%s', async ([, content]) => {
    const fixture = createTestDatabase();
    fs.writeFileSync(other(fixture), content);
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
    nativeSqlite(other(fixture), 'PRAGMA journal_mode=WAL', 'CREATE TABLE t(x)', 'INSERT INTO t VALUES (1)');
    const error = await refused(fixture);
    expect(error.code).toBe('WAL_MODE');
    const command = /'(PRAGMA[^']+)'/.exec(error.hint ?? '')?.[1];
    nativeSqlite(other(fixture), command ?? '');
    const db = await fixture.open({ path: other(fixture) });
    await db.saveReceipt(receiptOf('a'));
    await db.close();
    expect(nativeSqlite(other(fixture), 'SELECT x FROM t')).toBe('1');
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
    ['table', 'CREATE TABLE receipts (id INTEGER PRIMARY KEY, total REAL)', /receipts.*receipt_id/],
    ['view', 'CREATE VIEW audit_log AS SELECT 1 AS one', /audit_log.*audit_id/],
    [
      'view with the columns of the table',
      `${ORIGINAL_SCHEMA.replace('TABLE receipts', 'TABLE bills')} CREATE VIEW receipts AS SELECT * FROM bills`,
      /receipts/,
    ],
    [
      'table without the keys',
      `CREATE TABLE agent_memory (memory_id, agent_id, agent_type, memory_json, last_updated, version)`,
      /agent_memory/,
    ],
  ] as const)('a foreign %s with the name of a table', async ([, sql, message]) => {
    const fixture = createTestDatabase();
    nativeSqlite(other(fixture), sql);
    const error = await refused(fixture);
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.message).toMatch(message);
  });

  it.for([
    ['execution_id TEXT', 'execution_id TEXT COLLATE NOCASE', /execution_id compares text by NOCASE/],
    ['agent_id TEXT', 'agent_id TEXT COLLATE RTRIM', /agent_id compares text by RTRIM/],
    ['key TEXT', 'key TEXT COLLATE NOCASE', /key compares text by NOCASE/],
    ['receipt_json TEXT', 'receipt_json JSON', /receipt_json turns text into numbers/],
    ['receipt_id TEXT', 'receipt_id INTEGER', /receipt_id turns text into numbers/],
    ['memory_json TEXT', 'memory_json NUMERIC', /memory_json turns text into numbers/],
    ['details TEXT', 'details FLOAT', /details turns text into numbers/],
    ['duration_ms INTEGER', 'duration_ms VARCHAR(9)', /duration_ms turns numbers into text/],
    ['error_message TEXT', 'error_message TEXT UNIQUE', /audit_log .*UNIQUE \(error_message\)/],
    ['value TEXT', 'value TEXT UNIQUE ON CONFLICT REPLACE', /_schema_metadata .*UNIQUE \(value\)/],
    [
      'memory_json TEXT',
      'memory_json TEXT UNIQUE ON CONFLICT REPLACE',
      /agent_memory .*UNIQUE \(memory_json\)/,
    ],
    ['details TEXT', 'theirs INT NOT NULL, details TEXT', /audit_log, the column "theirs" must not be NULL/],
    ['details TEXT', 'theirs NOT NULL DEFAULT (NULL), details TEXT', /the column "theirs" must not be NULL/],
    ['details TEXT', 'details TEXT NOT NULL ON CONFLICT IGNORE', /the column details must not be NULL/],
    ['status TEXT', "status TEXT CHECK (status <> 'error')", /receipts would run a CHECK constraint/],
    [
      'agent_id TEXT NOT NULL UNIQUE',
      'agent_id TEXT NOT NULL',
      /agent_id of the table agent_memory is not unique/,
      'CREATE UNIQUE INDEX u ON agent_memory (agent_id COLLATE NOCASE)',
    ],
    [
      'operation TEXT',
      'operation TEXT COLLATE NOCASE',
      /no such collation sequence: THEIRS/,
      `.dbconfig defensive off\nPRAGMA writable_schema=ON;
       UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'THEIRS');`,
    ],
  ] as const)('a table with "%s" as "%s"', async ([declared, instead, message, sql = 'SELECT 1']) => {
    const fixture = createTestDatabase();
    nativeSqlite(other(fixture), ORIGINAL_SCHEMA.replace(declared, instead), ...sql.split('\n'));
    const error = await refused(fixture);
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.message).toMatch(message);
  });

  it.for([
    [
      'CREATE UNIQUE INDEX "a ""b" ON agent_memory (agent_id COLLATE NOCASE)',
      /agent_memory .*index "a \\"b".*agent_id COLLATE NOCASE/,
      /DROP INDEX "a ""b"/,
    ],
    [
      'CREATE UNIQUE INDEX u ON receipts (agent_id, status)',
      /receipts .*index "u".*agent_id, status/,
      /DROP INDEX "u"/,
    ],
    [
      'CREATE UNIQUE INDEX u ON receipts (agent_id || status)',
      /receipts .*index "u".*expression/,
      /DROP INDEX "u"/,
    ],
    [
      "CREATE UNIQUE INDEX u ON receipts (status) WHERE agent_id = 'a'",
      /receipts .*index "u".*status/,
      /DROP INDEX "u"/,
    ],
    [
      'CREATE UNIQUE INDEX u ON _schema_metadata (value)',
      /_schema_metadata .*index "u".*value/,
      /DROP INDEX "u"/,
    ],
    [
      "ALTER TABLE receipts ADD COLUMN x DEFAULT 'x'; CREATE UNIQUE INDEX u ON receipts (x)",
      /index "u".*x/,
      /DROP INDEX "u"/,
    ],
    [
      'ALTER TABLE receipts ADD COLUMN x AS (agent_id || status); CREATE UNIQUE INDEX u ON receipts (x)',
      /index "u".*x/,
      /DROP INDEX "u"/,
    ],
    ['ALTER TABLE audit_log ADD COLUMN rowid', /audit_log, the column "rowid" hides/, /another file/],
    [
      'ALTER TABLE audit_log ADD COLUMN x AS (details) NOT NULL',
      /audit_log, the column "x".*NULL/,
      /another file/,
    ],
    [
      `DROP TABLE audit_log; CREATE TABLE audit_log (audit_id, timestamp INTEGER PRIMARY KEY, agent_id, operation,
       operation_type, status, duration_ms, details, error_message)`,
      /audit_log, the column timestamp .*rowid/,
      /another file/,
    ],
    [
      `DROP TABLE audit_log; CREATE TABLE audit_log (audit_id TEXT, timestamp INTEGER, agent_id TEXT, operation TEXT,
       operation_type TEXT, status TEXT, duration_ms INT, details TEXT, error_message TEXT) STRICT`,
      /audit_log, the column timestamp takes only INTEGER/,
      /another file/,
    ],
    [
      `DROP TABLE audit_log; CREATE TABLE audit_log (audit_id TEXT, timestamp TEXT, agent_id TEXT, operation TEXT,
       operation_type TEXT, status TEXT, duration_ms INT, details BLOB, error_message TEXT) STRICT`,
      /audit_log, the column details takes only BLOB/,
      /another file/,
    ],
    [
      `DROP TABLE agent_memory; CREATE TABLE agent_memory (memory_id TEXT, agent_id TEXT PRIMARY KEY, agent_type TEXT,
       memory_json TEXT, last_updated TEXT, version INT, rowid) WITHOUT ROWID`,
      /agent_memory, the column "rowid" hides/,
      /another file/,
    ],
    [
      'CREATE TRIGGER t AFTER INSERT ON receipts BEGIN DELETE FROM receipts; END',
      /receipts would run the trigger "t"/,
      /DROP TRIGGER "t"/,
    ],
  ] as const)('a schema changed by %s', async ([sql, message, hint]) => {
    const fixture = createTestDatabase();
    nativeSqlite(other(fixture), ORIGINAL_SCHEMA, sql);
    const error = await refused(fixture);
    expect(error).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(error.hint).toMatch(/left untouched/);
  });

  it('are accepted again after the command of the hint', async () => {
    const fixture = createTestDatabase();
    nativeSqlite(
      other(fixture),
      ORIGINAL_SCHEMA,
      'CREATE UNIQUE INDEX "a ""b" ON receipts (status, created_at)',
    );
    const { hint = '' } = await refused(fixture);
    nativeSqlite(other(fixture), /DROP INDEX [^)]*/.exec(hint)?.[0] ?? '');
    const db = await fixture.open({ path: other(fixture) });
    await db.saveReceipts([receiptOf('a'), receiptOf('b')]);
    nativeSqlite(other(fixture), 'CREATE UNIQUE INDEX later ON receipts (execution_id COLLATE NOCASE)');
    expect((await db.verify()).problems).toEqual([
      { check: 'schema', row: 'receipts', message: expect.stringContaining('"later"') as string },
    ]);
  });

  it('that have another object with the name of an index of this program', async () => {
    const fixture = createTestDatabase();
    nativeSqlite(other(fixture), ORIGINAL_SCHEMA, 'CREATE TABLE idx_audit_log_timestamp (x)');
    const error = await refused(fixture);
    expect(error).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('idx_audit_log_timestamp'),
    });
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
      '_schema_metadata',
      'agent_memory',
      'audit_log',
      'receipts',
    ]);
  });

  it('keeps foreign tables through reset and restore from JSON', async () => {
    const fixture = createTestDatabase();
    fixture.native(
      'CREATE TABLE theirs(x); INSERT INTO theirs VALUES (42); CREATE INDEX theirs_x ON theirs(x)',
    );
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('a'));
    await db.exportBackup({ directory: fixture.path('backup') });
    await db.reset();
    await db.restoreBackup({ directory: fixture.path('backup'), from: 'json' });
    expect(fixture.native('SELECT x FROM theirs INDEXED BY theirs_x WHERE x = 42')).toBe('42');
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

  it('keeps every text in columns of other types that keep it', async () => {
    const fixture = createTestDatabase();
    fixture.native(
      ORIGINAL_SCHEMA.replace('execution_id TEXT', 'execution_id VARCHAR(99)')
        .replace('receipt_json TEXT', 'receipt_json BLOB')
        .replace('details TEXT', 'details')
        .replace('duration_ms INTEGER', 'duration_ms REAL')
        .replace('created_at DATETIME', 'created_at TEXT'),
    );
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('007', { receipt: '1.0', durationMs: 5 }));
    await db.logAudit({ agentId: 'a', operation: '0x10', status: 'started', details: '1e3' });
    expect(await db.queryReceipts()).toMatchObject([
      { executionId: '007', receiptJson: '1.0', durationMs: 5 },
    ]);
    expect(await db.queryAuditTrail()).toMatchObject([{ operation: '0x10', details: '1e3' }]);
    expect((await db.verify()).ok).toBe(true);
  });

  it('overrides conflict clauses of keys, which would delete other rows or drop the new one', async () => {
    const fixture = createTestDatabase();
    fixture.native(
      ORIGINAL_SCHEMA.replace('execution_id TEXT NOT NULL UNIQUE', '$& ON CONFLICT REPLACE')
        .replace('agent_id TEXT NOT NULL UNIQUE', '$& ON CONFLICT IGNORE')
        .replace('key TEXT PRIMARY KEY', '$& ON CONFLICT ROLLBACK'),
    );
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('one'));
    expect(await rejectionOf(db.saveReceipt(receiptOf('one', { durationMs: 7 })))).toMatchObject({
      code: 'DUPLICATE_EXECUTION',
    });
    await db.saveMemory(memoryOf('one'));
    expect(await db.saveMemory(memoryOf('one'))).toMatchObject({ version: 2 });
    expect((await db.verify()).ok).toBe(true);
  });

  it('keeps what a schema has besides that stands in no way of a save', async () => {
    const fixture = createTestDatabase();
    fixture.native(
      'CREATE TABLE agents (id TEXT PRIMARY KEY)',
      ORIGINAL_SCHEMA.replace('status TEXT NOT NULL', '$&, UNIQUE_note TEXT UNIQUE')
        .replace('agent_type TEXT NOT NULL', 'agent_type TEXT NOT NULL REFERENCES agents (id)')
        .replace(
          'memory_id TEXT PRIMARY KEY',
          'memory_id TEXT, no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT',
        )
        .replace(
          'duration_ms INTEGER\n',
          "duration_ms INTEGER, theirs TEXT NOT NULL DEFAULT 'x', at NOT NULL DEFAULT CURRENT_TIMESTAMP,\n UNIQUE (execution_id COLLATE binary, agent_id COLLATE NOCASE)",
        ),
      'CREATE INDEX theirs_1 ON receipts (agent_id COLLATE NOCASE, theirs)',
      'CREATE UNIQUE INDEX theirs_2 ON audit_log (agent_id COLLATE NOCASE, audit_id)',
      "CREATE UNIQUE INDEX theirs_3 ON receipts (status, execution_id) WHERE status = 'error'",
      'CREATE VIEW newest AS SELECT * FROM receipts ORDER BY created_at DESC',
      'ALTER TABLE audit_log ADD COLUMN both AS (agent_id || status)',
      'DROP TABLE _schema_metadata; CREATE TABLE _schema_metadata (key TEXT PRIMARY KEY, value ANY, updated_at TEXT) STRICT',
    );
    const db = await fixture.open();
    await db.record({
      receipts: [receiptOf('a'), receiptOf('A'), receiptOf('b')],
      memories: [memoryOf('m'), memoryOf('M'), memoryOf('m')],
      audits: [auditOf('o'), auditOf('o')],
    });
    expect(await db.stats()).toMatchObject({ receiptsTotal: 3, agentsTracked: 2, auditEntries: 2 });
    expect((await db.verify()).ok).toBe(true);
    expect(fixture.native('SELECT count(*), min(theirs) FROM newest')).toBe('3|x');
  });

  it('reads rows of the original scripts', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    const db = await fixture.open();
    expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual([
      'exec-002',
      'exec-001',
    ]);
  });
});
