import type { SqlQuery } from '../../api/persistence.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

/** Statements that would write, reach another file, or be more than one. */
const REFUSED = [
  "INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES ('x', 'x', 'x', 'completed')",
  'UPDATE receipts SET status = NULL',
  'DELETE FROM receipts',
  'DELETE FROM receipts RETURNING receipt_id',
  'EXPLAIN DELETE FROM receipts',
  'WITH gone AS (SELECT 1) DELETE FROM receipts',
  'DROP TABLE receipts',
  'CREATE TABLE t (a)',
  'CREATE TEMP TABLE t (a)',
  'CREATE TRIGGER t AFTER INSERT ON receipts BEGIN SELECT 1; END',
  'CREATE VIRTUAL TABLE t USING fts4(a)',
  'ALTER TABLE receipts ADD COLUMN a',
  "ATTACH ':memory:' AS other",
  'DETACH main',
  'VACUUM',
  "VACUUM INTO 'copy.db'",
  'REINDEX',
  'ANALYZE',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT s',
  'PRAGMA user_version = 5',
  'PRAGMA user_version(5)',
  'PRAGMA journal_mode = OFF',
  'PRAGMA journal_mode',
  'PRAGMA writable_schema = ON',
  'PRAGMA query_only = OFF',
  'PRAGMA wal_checkpoint',
  'PRAGMA optimize',
  'PRAGMA incremental_vacuum',
  "SELECT load_extension('x')",
  'SELECT 1; SELECT 2',
  'SELECT 1; DELETE FROM receipts',
  '',
  ' -- nothing',
  'SELEC 1',
  'SELECT * FROM missing',
  'SELECT 1\0; DELETE FROM receipts',
  'SELECT \ud800',
];

/** Statements that would fill or destroy the memory, or the stack. */
const TOO_MUCH = [
  "SELECT replicate('abcdefgh', 536870913)",
  "SELECT length(padl('a', 4294967297))",
  "SELECT replace(hex(zeroblob(50000)), '00', 'a') LIKE replace(hex(zeroblob(12000)), '00', '%a') || 'b'",
  "SELECT replace(hex(zeroblob(50000)), '00', 'a') GLOB replace(hex(zeroblob(12000)), '00', '*a') || 'b'",
  'SELECT zeroblob(1000000000)',
  "SELECT length(replace(printf('%.60000000c', 'a'), 'a', 'bb'))",
];

export const sqlCases: readonly PersistenceCase[] = [
  {
    title: 'querySql: returns columns and values exactly, with parameters bound',
    async run({ open, expect }) {
      const db = await open();
      await db.record({ receipts: [receiptOf('a', { durationMs: 7 })], memories: [memoryOf('m')] });
      expect(
        await db.querySql({
          sql: 'SELECT execution_id, duration_ms, count(*) AS n FROM receipts WHERE agent_id = ? AND duration_ms > :least',
          parameters: ['validator-1', 6],
        }),
      ).toEqual({ columns: ['execution_id', 'duration_ms', 'n'], rows: [['a', 7, 1]], hasMore: false });
      const text = "'; DELETE FROM receipts; --";
      const values = [9007199254740993n, -1.5, text, new Uint8Array([0, 255]), null];
      expect(
        await db.querySql({ sql: 'SELECT CAST(? AS INTEGER) AS a, ?2 AS a, ?, ?, ?', parameters: values }),
      ).toEqual({ columns: ['a', 'a', '?', '?', '?'], rows: [values], hasMore: false });
      expect(
        (await db.querySql({ sql: "VALUES (9223372036854775807, x'00ff', 'é');  -- the end" })).rows,
      ).toEqual([[9223372036854775807n, new Uint8Array([0, 255]), 'é']]);
      expect((await db.querySql({ sql: 'SELECT 1 WHERE 0' })).rows).toEqual([]);
      expect((await db.stats()).receiptsTotal).toBe(1);
    },
  },
  {
    title: 'querySql: refuses whatever does not read, and changes nothing',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.record({ receipts: [receiptOf('a')], audits: [auditOf('o')] });
      const before = await db.exportImage();
      for (const sql of REFUSED) await refused(db.querySql({ sql }), 'INVALID_ARGUMENT');
      for (const sql of REFUSED.slice(0, 3))
        await refused(db.querySql({ sql, explain: true }), 'INVALID_ARGUMENT');
      expect((await db.exportImage()).join()).toBe(before.join());
      expect((await db.querySql({ sql: 'PRAGMA user_version' })).rows).toEqual([[0]]);
      expect(
        (await db.querySql({ sql: 'SELECT name FROM pragma_table_info(?)', parameters: ['audit_log'] })).rows
          .length,
      ).toBe(9);
      await db.saveReceipt(receiptOf('b'));
    },
  },
  {
    title: 'querySql: ends at its limits of rows and of time, and the database goes on',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.logAudits(upTo(30).map((n) => auditOf(`o-${n}`)));
      const sql = 'SELECT operation FROM audit_log ORDER BY rowid';
      const page = await db.querySql({ sql, limit: 10 });
      expect([page.rows.length, page.hasMore]).toEqual([10, true]);
      const all = await db.querySql({ sql, limit: 30 });
      expect([all.rows.length, all.hasMore]).toEqual([30, false]);
      expect(await db.querySql({ sql, limit: 0 })).toEqual({
        columns: ['operation'],
        rows: [],
        hasMore: true,
      });
      const error = await refused(db.querySql({ sql: ENDLESS, timeoutMs: 50 }), 'TIMEOUT', /within 50 ms/);
      expect(error.hint).toMatch(/explain/);
      // The rows that are wanted are there before the time is over.
      const started = await db.querySql({
        sql: `SELECT 1 UNION ALL SELECT * FROM (${ENDLESS})`,
        limit: 1,
        timeoutMs: 50,
      });
      expect([started.rows.length, started.hasMore]).toEqual([1, true]);
      await db.logAudit(auditOf('after'));
      expect((await db.querySql({ sql: 'SELECT count(*) FROM audit_log' })).rows).toEqual([[31]]);
    },
  },
  {
    title: 'querySql: refuses values and patterns that the memory is not for, and the database goes on',
    async run({ open, refused, expect }) {
      const db = await open();
      for (const sql of TOO_MUCH) await refused(db.querySql({ sql }), 'INVALID_ARGUMENT');
      const large = await db.querySql({ sql: "SELECT length(printf('%.60000000c', 'a'))" });
      expect(large.rows).toEqual([[60_000_000]]);
      await db.saveReceipt(receiptOf('a'));
      expect((await db.verify()).ok).toBe(true);
    },
  },
  {
    title: 'querySql: returns the plan instead of the rows',
    async run({ open, expect }) {
      const db = await open();
      const sql = 'SELECT * FROM receipts WHERE receipt_id = ?';
      const { columns, rows } = await db.querySql({ sql, parameters: ['x'], explain: true });
      expect(columns.at(-1)).toBe('detail');
      expect(String(rows[0]?.at(-1))).toMatch(/receipts USING INDEX/);
    },
  },
  {
    title: 'querySql: refuses wrong options, and as many values as there are not parameters',
    async run({ open, refused }) {
      const db = await open();
      const sql = 'SELECT 1';
      const wrong: unknown[] = [
        {},
        { sql: 5 },
        { sql, limit: -1 },
        { sql, timeoutMs: 0 },
        { sql, timeoutMs: '5' },
        { sql, explain: 'yes' },
        { sql, parameters: 'x' },
        { sql, parameters: [undefined] },
        { sql, parameters: [{}] },
        { sql, parameters: [2n ** 64n] },
        { sql, parameters: ['\ud800'] },
        { sql, parameters: [Number.NaN] },
        { sql, parameters: [1] },
        { sql: 'SELECT ?, ?', parameters: [1] },
        { sql: 'SELECT :a' },
        { sql, signal: 'now' },
      ];
      for (const query of wrong) await refused(db.querySql(query as SqlQuery), 'INVALID_ARGUMENT');
      await refused(db.querySql({ sql, signal: AbortSignal.abort() }), 'ABORTED');
    },
  },
];
