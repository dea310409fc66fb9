/** Databases of every schema version, opened by the newest code. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { type Persistence, SCHEMA_VERSION } from '../../src/index.ts';
import { checkExistingTables } from '../../src/schema/table-check.ts';
import { TABLES } from '../../src/tables/index.ts';
import { MIGRATIONS } from '../../src/schema/migrations/index.ts';
import type { Migration } from '../../src/schema/migrations/migration.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ORIGINAL_ROWS, ORIGINAL_SCHEMA } from './original-schema.ts';

const migrationOf = (version: number): Migration => ({
  version,
  name: `step-${version}`,
  sql: `CREATE TABLE step_${version} (id INTEGER)`,
});

const FIXTURES = path.join(import.meta.dirname, '../fixtures');

describe('a database of the original scripts', () => {
  it('is migrated and keeps its rows, which verify counts as imported', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    const before = fixture.native(
      'SELECT * FROM receipts',
      'SELECT * FROM agent_memory',
      'SELECT * FROM audit_log',
    );
    const db = await fixture.open();
    expect(
      fixture.native('SELECT * FROM receipts', 'SELECT * FROM agent_memory', 'SELECT * FROM audit_log'),
    ).toBe(before);
    expect(await db.getReceipt('5f3c')).toBe('{"status":"success","files_generated":12}');
    expect((await db.queryReceipts({ agent: 'validator-2' }))[0]).toMatchObject({
      receiptId: 'a1b2',
      durationMs: null,
    });
    await db.saveReceipt(receiptOf('new'));
    expect(await db.saveMemory(memoryOf('agent-validator'))).toEqual({ memoryId: 'm-1', version: 8 });
    expect(await db.verify()).toEqual({
      ok: true,
      schemaVersion: SCHEMA_VERSION,
      receiptsVerified: 1,
      receiptsImported: 2,
      receiptsRedacted: 0,
      history: null,
      problemCount: 0,
      problems: [],
    });
    expect(fixture.native("SELECT value FROM _schema_metadata WHERE key = 'schema_version'")).toBe(
      String(SCHEMA_VERSION),
    );
  });

  it('is migrated in one transaction', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    // Bytes 24 to 27 of the header are the file change counter.
    const counter = (): number => fs.readFileSync(fixture.file).readUInt32BE(24);
    const before = counter();
    await (await fixture.open()).close();
    expect(counter()).toBe(before + 1);
    await (await fixture.open()).close();
    expect(counter()).toBe(before + 1);
  });

  it('waits for readers and admits no new ones meanwhile, so that any number of them lets it commit', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    const reader = await openDatabase(fileStorage(fixture.file));
    reader.database.exec('BEGIN; SELECT count(*) FROM receipts');
    const opening = fixture.open();
    const newReader = (): string => {
      try {
        return fixture.native('SELECT count(*) FROM receipts');
      } catch (error) {
        return (error as Error).message;
      }
    };
    await expect.poll(newReader).toMatch(/database is locked/);
    for (const _ of upTo(20)) {
      await pause(1);
      expect(newReader()).toMatch(/database is locked/);
    }
    reader.close();
    await opening;
    expect(newReader()).toBe('2');
  });

  it('is read as one state while another connection migrates it', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    const [one, another] = [
      new SqliteConnection(await openDatabase(fileStorage(fixture.file))),
      new SqliteConnection(await openDatabase(fileStorage(fixture.file))),
    ];
    const read = one.all.bind(one);
    let migrated: Promise<void> | undefined;
    one.all = (sql, values) => {
      // The version was read before; the recorded migrations are read now.
      if (sql.includes('migration_*')) migrated ??= migrate(another, new Date(), performance.now());
      return read(sql, values);
    };
    await migrate(one, new Date(), performance.now());
    expect(migrated).toBeDefined();
    await migrated;
    await Promise.all([one.close(), another.close()]);
    expect(fixture.native("SELECT count(*) FROM _schema_metadata WHERE key LIKE 'migration_%'")).toBe(
      String(SCHEMA_VERSION),
    );
  });

  it('is distinguished from a database with ten migrations whose records are lost', async () => {
    const connection = new SqliteConnection(await openDatabase(memoryStorage()));
    const tenMigrations = upTo(10).map((n) => MIGRATIONS[n] ?? migrationOf(n + 1));
    await migrate(connection, new Date(), performance.now(), { migrations: tenMigrations });
    expect(connection.get("SELECT value FROM _schema_metadata WHERE key = 'schema_version'")).toEqual(['10']);
    connection.run("DELETE FROM _schema_metadata WHERE key GLOB 'migration_*'");
    const refusal = migrate(connection, new Date(), performance.now(), { migrations: tenMigrations });
    expect(await rejectionOf(refusal)).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    await connection.close();
  });

  it('keeps its imported receipts through backup and restore', async () => {
    const fixture = createTestDatabase();
    fixture.native(ORIGINAL_SCHEMA, ORIGINAL_ROWS);
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('new'));
    const { manifest } = await db.exportBackup({ directory: fixture.path('backup') });
    expect(manifest.importedReceipts).toBe(2);
    for (const from of ['json', 'image'] as const) {
      await db.reset();
      expect((await db.verify()).receiptsImported).toBe(0);
      await db.restoreBackup({ directory: fixture.path('backup'), from });
      expect(await db.verify()).toMatchObject({ ok: true, receiptsImported: 2, receiptsVerified: 1 });
    }
  });
});

describe('every schema version', () => {
  const added = async (db: Persistence): Promise<void> => {
    await db.record({ receipts: [receiptOf('added')], memories: [memoryOf('added')] });
    expect(await db.verify()).toMatchObject({ ok: true, schemaVersion: SCHEMA_VERSION });
  };

  it.for([
    ['schema-v0-original.db', 2],
    ['schema-v2.db', 3],
    ['schema-v3.db', 3],
    ['schema-v4.db', 3],
  ] as const)('%s', async ([fileName, receipts]) => {
    const fixture = createTestDatabase();
    fs.copyFileSync(path.join(FIXTURES, fileName), fixture.file);
    const before = fixture.native(
      'SELECT * FROM receipts',
      'SELECT * FROM agent_memory',
      'SELECT * FROM audit_log',
    );
    const db = await fixture.open();
    expect(
      fixture.native('SELECT * FROM receipts', 'SELECT * FROM agent_memory', 'SELECT * FROM audit_log'),
    ).toBe(before);
    expect((await db.stats()).receiptsTotal).toBe(receipts);
    await added(db);
  });

  it('may hold a BLOB that SQLite reads as the present time', async () => {
    const fixture = createTestDatabase();
    fs.copyFileSync(path.join(FIXTURES, 'schema-v2.db'), fixture.file);
    fixture.native(`UPDATE audit_log SET timestamp = x'6e6f77${'00'.repeat(16)}'`);
    const db = await fixture.open();
    const { problems } = await db.verify();
    expect(problems).toMatchObject([{ message: 'timestamp is a BLOB of 19 bytes, which is not a time' }]);
  });

  it('need not have the columns of later migrations', async () => {
    const connection = new SqliteConnection(await openDatabase(memoryStorage()));
    await migrate(connection, new Date(), performance.now());
    const [receipts] = TABLES;
    const table = { ...receipts!, columns: [...receipts!.columns, { column: 'later', addedIn: 9 }] };
    expect(() => checkExistingTables(connection, 8, [table])).not.toThrow();
    expect(() => checkExistingTables(connection, 9, [table])).toThrow(/no column later/);
    connection.run('ALTER TABLE receipts ADD COLUMN later TEXT');
    expect(() => checkExistingTables(connection, 9, [table])).not.toThrow();
    await connection.close();
  });

  it('has a fixture, and the newest fixture has the current schema', () => {
    expect(fs.readdirSync(FIXTURES).toSorted().at(-1)).toBe(`schema-v${SCHEMA_VERSION}.db`);
  });
});

describe('native SQLite on a database of this program', () => {
  it('inserts rows by the documented columns, and both programs read all rows', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('own', { durationMs: 5 }));
    fixture.native(
      `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
         VALUES ('hand-made', 'foreign', 'agent-1', 'manual', '{"by":"hand"}', 'success')`,
      `INSERT INTO agent_memory (memory_id, agent_id, agent_type, memory_json) VALUES ('m', 'agent-1', 'manual', '{}')`,
      `INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES ('a', 'agent-1', 'op', 'completed')`,
    );
    expect(await db.getReceipt('hand-made')).toBe('{"by":"hand"}');
    expect((await db.saveMemory(memoryOf('agent-1'))).version).toBe(2);
    expect(await db.queryAuditTrail()).toMatchObject([{ auditId: 'a', durationMs: null }]);
    expect((await db.analytics()).receiptStatistics).toEqual([
      { status: 'success', count: 2, avgDurationMs: 5 },
    ]);
    const report = await db.verify();
    expect(report.problems).toEqual([
      { check: 'receipt', row: 'receipts 2', message: expect.stringContaining('hand-made') },
    ]);
    expect(fixture.native('SELECT agent_id, version FROM agent_memory')).toBe('agent-1|2');
    expect(fixture.native('SELECT status, count(*) FROM receipts GROUP BY status')).toBe('success|2');
  });

  it('may omit times: such rows count as the oldest, and each is streamed once', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipts(Array.from({ length: 700 }, (_, index) => receiptOf(`e-${index}`)));
    fixture.native(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
       INSERT INTO receipts SELECT 'id' || i, 'timeless-' || i, 'a', 't', '{}', 'success', NULL, NULL, NULL FROM n`,
    );
    const awaited = (await db.queryReceipts({ limit: 5000 })).map(({ executionId }) => executionId);
    const streamed: string[] = [];
    for await (const { executionId } of db.queryReceipts({ limit: 5000 })) {
      streamed.push(executionId);
      if (streamed.length > 2000) break;
    }
    expect(awaited.length).toBe(1400);
    expect(streamed.join()).toBe(awaited.join());
    const oldestFirst: string[] = [];
    for await (const row of db.queryReceipts({ limit: 5000, order: 'oldest-first' })) {
      oldestFirst.push(row.executionId);
      if (oldestFirst.length > 2000) break;
    }
    expect(oldestFirst.join()).toBe(awaited.toReversed().join());
  });

  it('lists every invalid row, the first 100 of each kind, and counts them all', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipts(Array.from({ length: 250 }, (_, index) => receiptOf(`e-${index}`)));
    await db.saveMemories([memoryOf('m'), memoryOf('n'), memoryOf('o')]);
    fixture.native(
      `UPDATE receipts SET receipt_json = '{"forged":1}' WHERE rowid % 2 = 0`,
      `UPDATE agent_memory SET memory_json = '{' WHERE agent_id <> 'n'`,
    );
    const { ok, problemCount, problems, receiptsVerified } = await db.verify();
    expect({ ok, problemCount, receiptsVerified }).toEqual({
      ok: false,
      // Each of them is also another than the change log has.
      problemCount: 2 * 127,
      receiptsVerified: 125,
    });
    const rowsOf = (wanted: string): (string | null)[] =>
      problems.filter(({ check }) => check === wanted).map(({ row }) => row);
    expect(rowsOf('receipt')).toEqual(Array.from({ length: 100 }, (_, index) => `receipts ${2 * index + 2}`));
    expect(rowsOf('memory')).toEqual(['agent_memory 1', 'agent_memory 3']);
  });

  it('reports invalid rows of each kind', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipts([receiptOf('a'), receiptOf('b')]);
    await db.saveMemory(memoryOf('m'));
    await db.logAudit({ agentId: 'a', operation: 'o', status: 'started' });
    fixture.native(
      `UPDATE receipts SET receipt_json = '{"forged":1}' WHERE execution_id = 'b'`,
      `UPDATE agent_memory SET memory_json = '{'`,
      `UPDATE audit_log SET status = 'perhaps'`,
      'DROP INDEX idx_audit_log_timestamp',
    );
    const { ok, problems } = await db.verify();
    expect(ok).toBe(false);
    expect(problems.map(({ check, row }) => [check, row])).toEqual([
      ['index', null],
      ['receipt', 'receipts 2'],
      ['memory', 'agent_memory 1'],
      ['audit', 'audit_log 1'],
      ['history', 'receipts 2'],
      ['history', 'agent_memory 1'],
      ['history', 'audit_log 1'],
    ]);
  });

  it('misses each index that is gone', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const names = fixture.native(
      "SELECT name FROM sqlite_schema WHERE name LIKE 'idx!_%' ESCAPE '!' ORDER BY 1",
    );
    const indexes = names.split('\n');
    expect(indexes).toContain('idx_audit_log_time_form');
    for (const name of indexes) {
      const sql = fixture.native(`SELECT sql FROM sqlite_schema WHERE name = '${name}'`);
      fixture.native(`DROP INDEX ${name}`);
      expect((await db.verify()).problems).toEqual([
        { check: 'index', row: null, message: `the index ${name} is missing` },
      ]);
      fixture.native(sql);
    }
    expect((await db.verify()).ok).toBe(true);
    const partial = 'idx_receipts_time_form';
    fixture.native(`DROP INDEX ${partial}`, `CREATE INDEX ${partial} ON receipts (created_at)`);
    expect((await db.verify()).problems).toEqual([
      { check: 'index', row: null, message: `the index ${partial} is not the one that queries need` },
    ]);
  });

  it('finds entries of an index of foreign times that no row has', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveReceipt(receiptOf('one'));
    await db.close();
    const [times, foreign, pageSizeBytes] = fixture
      .native(
        `SELECT rootpage FROM sqlite_schema WHERE name IN ('idx_receipts_created_at', 'idx_receipts_time_form') ORDER BY name`,
        'PRAGMA page_size',
      )
      .split('\n')
      .map(Number) as [number, number, number];
    const intact = fs.readFileSync(fixture.file);
    const bytes = Buffer.from(intact);
    bytes.copyWithin((foreign - 1) * pageSizeBytes, (times - 1) * pageSizeBytes, times * pageSizeBytes);
    fs.writeFileSync(fixture.file, bytes);
    const damaged = await fixture.open();
    expect((await damaged.verify()).problems).toEqual([
      { check: 'index', row: null, message: 'the index idx_receipts_time_form has 1 entries of no row' },
    ]);
    await damaged.close();
    fs.writeFileSync(fixture.file, intact);
  });
});
