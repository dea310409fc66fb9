/** Tables of other programs with the names of ours: refused untouched where a save could fail or lose rows, kept elsewhere. */
import { describe, expect, it } from 'vitest';
import { auditOf, memoryOf, rejectionOf, receiptOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';
import { filled, otherFile, refused } from '../support/refused-file.ts';
import { ORIGINAL_ROWS, ORIGINAL_SCHEMA } from './original-schema.ts';

describe('databases of other programs', () => {
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
    nativeSqlite(otherFile(fixture), sql);
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
    ['details TEXT', 'theirs INT NOT NULL, details TEXT', /audit_log takes no row .*NOT NULL.*theirs/],
    ...['NULL', '1/0', 'CASE WHEN 1 THEN NULL END', 'length(NULL)', "current_date || '' || NULL"].map(
      (value) =>
        [
          'memory_json TEXT',
          `theirs NOT NULL DEFAULT (${value}), memory_json TEXT`,
          /agent_memory.*(NOT NULL.*theirs|"theirs" has a default that depends on the time)/,
        ] as const,
    ),
    ['details TEXT', 'theirs DEFAULT (abs(-9223372036854775808)), details TEXT', /an expression \(abs/],
    ['details TEXT', 'theirs INT DEFAULT 5 CHECK (theirs > 9), details TEXT', /CHECK constraint .theirs > 9/],
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
    nativeSqlite(otherFile(fixture), ORIGINAL_SCHEMA.replace(declared, instead), ...sql.split('\n'));
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
    ...(
      [
        ["x INT DEFAULT 'x'", /audit_log takes no row .*TEXT value in INT column.*x/],
        ['x INT DEFAULT 5.5', /audit_log takes no row .*REAL value in INT column.*x/],
        ['x TEXT DEFAULT CURRENT_TIMESTAMP, y INT DEFAULT (CURRENT_TIMESTAMP)', /audit_log takes no row .*y/],
        ["x INT DEFAULT (CASE WHEN CURRENT_DATE < '2040' THEN 1 ELSE 'x' END)", /"x".*depends on the time/],
        ['x INT AS (error_message)', /audit_log, the column "x" is computed and takes only INT/],
      ] as const
    ).map(
      ([columns, message]) =>
        [
          `DROP TABLE audit_log; CREATE TABLE audit_log (audit_id TEXT, timestamp TEXT, agent_id TEXT, operation TEXT,
           operation_type TEXT, status TEXT, duration_ms INT, details TEXT, error_message TEXT, ${columns}) STRICT`,
          message,
          /another file/,
        ] as const,
    ),
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
    nativeSqlite(otherFile(fixture), ORIGINAL_SCHEMA, sql);
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
      otherFile(fixture),
      ORIGINAL_SCHEMA,
      'CREATE UNIQUE INDEX "a ""b" ON receipts (status, created_at)',
    );
    const { hint = '' } = await refused(fixture);
    nativeSqlite(otherFile(fixture), /DROP INDEX [^)]*/.exec(hint)?.[0] ?? '');
    const db = await fixture.open({ path: otherFile(fixture) });
    await db.saveReceipts([receiptOf('a'), receiptOf('b')]);
    nativeSqlite(otherFile(fixture), 'CREATE UNIQUE INDEX later ON receipts (execution_id COLLATE NOCASE)');
    expect((await db.verify()).problems).toEqual([
      { check: 'schema', row: 'receipts', message: expect.stringContaining('"later"') as string },
    ]);
  });

  it.each([
    ['this program', (fixture: TestDatabase) => filled(fixture)],
    [
      'the original scripts',
      async (fixture: TestDatabase) => nativeSqlite(otherFile(fixture), ORIGINAL_SCHEMA),
    ],
  ])('whose index has a pattern of its own, beside those of %s', async (_maker, make) => {
    const fixture = createTestDatabase();
    await make(fixture);
    const index = "CREATE INDEX theirs ON receipts (status) WHERE agent_id GLOB '*a*a*a*a*b'";
    nativeSqlite(otherFile(fixture), 'ALTER TABLE receipts ADD COLUMN theirs', index);
    const { code, message } = await refused(fixture);
    expect({ code, message }).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('receipts would run an expression (glob') as string,
    });
    nativeSqlite(otherFile(fixture), 'DROP INDEX theirs');
    const db = await fixture.open({ path: otherFile(fixture) });
    await db.saveReceipt(receiptOf('after'));
    expect((await db.verify()).problems).toEqual([]);
  });

  it('are refused and left untouched when they would be owned exclusively as well', async () => {
    const fixture = createTestDatabase();
    nativeSqlite(otherFile(fixture), ORIGINAL_SCHEMA, 'CREATE UNIQUE INDEX u ON receipts (status)');
    expect((await refused(fixture, { exclusive: true })).code).toBe('SCHEMA_MISMATCH');
  });

  it('whose tables are gone, although their migrations are recorded', async () => {
    const fixture = createTestDatabase();
    nativeSqlite(await filled(fixture), 'DROP TABLE audit_log');
    const error = await refused(fixture);
    expect(error).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('the table audit_log is missing') as string,
    });
  });

  it('that have another object with the name of an index of this program', async () => {
    const fixture = createTestDatabase();
    nativeSqlite(otherFile(fixture), ORIGINAL_SCHEMA, 'CREATE TABLE idx_audit_log_timestamp (x)');
    const error = await refused(fixture);
    expect(error).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('idx_audit_log_timestamp'),
    });
  });
});

describe('databases of other programs that are accepted', () => {
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
          "duration_ms INTEGER, theirs TEXT NOT NULL DEFAULT 'x', at NOT NULL DEFAULT CURRENT_TIMESTAMP,\n bare NOT NULL DEFAULT abc, sum NOT NULL DEFAULT (1 + length('a')), none DEFAULT (1/0), UNIQUE (execution_id COLLATE binary, agent_id COLLATE NOCASE)",
        ),
      'CREATE INDEX theirs_1 ON receipts (agent_id COLLATE NOCASE, theirs)',
      'CREATE UNIQUE INDEX theirs_2 ON audit_log (agent_id COLLATE NOCASE, audit_id)',
      "CREATE UNIQUE INDEX theirs_3 ON receipts (status, execution_id) WHERE status = 'error'",
      'CREATE VIEW newest AS SELECT * FROM receipts ORDER BY created_at DESC',
      'ALTER TABLE audit_log ADD COLUMN both AS (agent_id || status)',
      "DROP TABLE _schema_metadata; CREATE TABLE _schema_metadata (key TEXT PRIMARY KEY, value ANY, updated_at TEXT, n INT NOT NULL DEFAULT '5', any ANY AS (1/0)) STRICT",
    );
    const db = await fixture.open();
    await db.record({
      receipts: [receiptOf('a'), receiptOf('A'), receiptOf('b')],
      memories: [memoryOf('m'), memoryOf('M'), memoryOf('m')],
      audits: [auditOf('o'), auditOf('o')],
    });
    expect(await db.stats()).toMatchObject({ receiptsTotal: 3, agentsTracked: 2, auditEntries: 2 });
    expect((await db.verify()).ok).toBe(true);
    expect(fixture.native('SELECT count(*), min(theirs), min(bare), max(sum), max(none) FROM newest')).toBe(
      '3|x|abc|2|',
    );
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
