/**
 * Random histories, and what another program does to them behind the back of this one: whatever it edits, deletes, inserts,
 * swaps or cuts off, at whatever place, `verify` finds it and names the first row. A history that nobody touched is ok.
 */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import type { Persistence, TableName } from '../../src/index.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { SettableClock } from '../../src/testing/settable-clock.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';

const TABLES = ['receipts', 'agent_memory', 'audit_log'] as const;

const ID_COLUMN: Readonly<Record<TableName, string>> = {
  receipts: 'receipt_id',
  agent_memory: 'memory_id',
  audit_log: 'audit_id',
};

/** Makes a statement that inserts a row of another program. @param rowid - SQL of its rowid */
function nativeInsert(table: TableName, id: string, rowid: string = 'NULL'): string {
  const values: Readonly<Record<TableName, string>> = {
    receipts: `(rowid, receipt_id, execution_id, agent_id, agent_type, receipt_json, status) VALUES (${rowid}, '${id}', '${id}', 'native', 't', '{}', 'success')`,
    agent_memory: `(rowid, memory_id, agent_id, agent_type, memory_json, version) VALUES (${rowid}, '${id}', '${id}', 't', '{}', 1)`,
    audit_log: `(rowid, audit_id, agent_id, operation, status) VALUES (${rowid}, '${id}', 'native', 'o', 'completed')`,
  };
  return `INSERT INTO ${table} ${values[table]}`;
}

const LOOKUP = { receipts: 'receiptId', agent_memory: 'agentId', audit_log: 'auditId' } as const;

/** Lists the records of this program: a native one may have an id that is another's. */
async function recordsOf(db: Persistence): Promise<{ table: TableName; id: string }[]> {
  const receipts = (await db.queryReceipts({ limit: 10 })).map(({ receiptId }) => receiptId);
  const memories = (await db.queryMemory()).map(({ agentId }) => agentId);
  const audits = (await db.queryAuditTrail({ days: 10_000, limit: 10 })).map(({ auditId }) => auditId);
  const records = [
    ...receipts.map((id) => ({ table: 'receipts' as const, id })),
    ...memories.map((id) => ({ table: 'agent_memory' as const, id })),
    ...audits.map((id) => ({ table: 'audit_log' as const, id })),
  ];
  if (records.length > 0) return records;
  const { receiptId } = await db.saveReceipt(receiptOf('only'));
  return [{ table: 'receipts', id: receiptId }];
}

/** Does whatever this program and honest writers of the original scripts do, in random order. */
async function makeHistory(database: TestDatabase, random: SeededRandom): Promise<void> {
  const clock = new SettableClock('2026-01-01T00:00:00Z');
  const open = (): Promise<Persistence> => database.open({ clock: clock.read });
  let db = await open();
  let name = 0;
  const next = (): string => `n${name++}`;
  const steps: readonly (() => unknown)[] = [
    () => db.saveReceipts(upTo(random.between(1, 6)).map(() => receiptOf(next()))),
    () => db.logAudits(upTo(random.between(1, 6)).map(() => auditOf(next()))),
    () => db.saveMemory(memoryOf(`agent-${random.below(4)}`, { memory: { step: next() } })),
    () => db.saveMemory(memoryOf(`agent-${random.below(4)}`, { memory: { step: next() } })),
    () =>
      db.record({
        receipts: [receiptOf(next())],
        audits: [auditOf(next())],
        memories: [memoryOf('agent-0')],
      }),
    () =>
      database.native(...upTo(random.between(1, 3)).map(() => nativeInsert(random.oneOf(TABLES), next()))),
    () => {
      clock.forwardDays(random.between(1, 40));
    },
    () => db.cleanup({ days: 30, vacuum: random.chance(0.3) }),
    async () => {
      const { table, id } = random.oneOf(await recordsOf(db));
      const record = { [LOOKUP[table]]: id, reason: next(), vacuum: random.chance(0.1) };
      const isHeld = (await db.listHolds()).some((hold) => hold.table === table && hold.id === id);
      const removing = random.chance(0.5) ? db.deleteRecord(record) : db.redactRecord(record);
      if (isHeld) await expect(removing).rejects.toMatchObject({ code: 'HELD' });
      else await removing;
    },
    async () => {
      const { table, id } = random.oneOf(await recordsOf(db));
      await db.addHold({ [LOOKUP[table]]: id, reason: next() });
    },
    async () => {
      const [hold] = await db.listHolds();
      if (hold) await db.removeHold({ [LOOKUP[hold.table]]: hold.id });
    },
    // The same receipt as before, perhaps after a cleanup deleted it: a receipt of the same content has the same id.
    () => db.saveReceipt(receiptOf('again', { ifAbsent: true })),
    async () => {
      await db.close();
      db = await open();
    },
    async () => {
      const directory = database.path(next());
      await db.exportBackup({ directory });
      if (random.chance(0.5)) await db.saveReceipt(receiptOf(next()));
      const from = random.oneOf(['image', 'json'] as const);
      await db.restoreBackup({ directory, from, force: true, acceptInvalid: true });
    },
  ];
  for (const _ of upTo(60)) await random.oneOf(steps)();
  // Rows of every table, so that there is something to tamper with.
  for (const n of upTo(4)) {
    await db.record({
      receipts: [receiptOf(next()), receiptOf(next())],
      audits: [auditOf(next()), auditOf(next())],
      memories: [memoryOf(`agent-${n}`), memoryOf(`late-${n}`)],
    });
    await db.saveMemory(memoryOf(`agent-${n}`, { memory: { last: n } }));
  }
  await db.close();
}

interface Row {
  readonly rowid: number;
  readonly id: string;
  /** Number of its latest entry. */
  readonly seq: number;
}

/** Lists the rows of a table and the latest entry of each. */
function rowsOf(file: string, table: TableName): Row[] {
  const kind = { receipts: 'receipt', agent_memory: 'memory', audit_log: 'audit' }[table];
  return query<Row>(
    file,
    `SELECT t.rowid AS rowid, ${ID_COLUMN[table]} AS id, max(seq) AS seq FROM ${table} t
      JOIN _change_log ON row_rowid = t.rowid AND row_id = ${ID_COLUMN[table]}
      WHERE kind LIKE '${kind}.%' GROUP BY t.rowid ORDER BY seq`,
  );
}

function query<Result>(file: string, sql: string): Result[] {
  const text = nativeSqlite(file, '.mode json', sql);
  return text === '' ? [] : (JSON.parse(text) as Result[]);
}

/** What must be found: the first problem of a table, or of the log (`null`). */
interface Expected {
  readonly row: string | null;
  readonly message: RegExp;
}

type Tampering = (file: string, random: SeededRandom, table: TableName) => Expected;

const escaped = (text: string | number): string =>
  String(text).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  edit(file, random, table) {
    const { rowid, id, seq } = random.oneOf(rowsOf(file, table));
    const columns = query<{ name: string }>(file, `SELECT name FROM pragma_table_info('${table}')`)
      .map(({ name }) => name)
      .filter((name) => name !== ID_COLUMN[table]);
    nativeSqlite(file, `UPDATE ${table} SET ${random.oneOf(columns)} = 'other' WHERE rowid = ${rowid}`);
    return { row: `${table} ${rowid}`, message: new RegExp(`${escaped(id)}.* was edited: .* entry ${seq} `) };
  },

  rename(file, random, table) {
    const { rowid, id, seq } = random.oneOf(rowsOf(file, table));
    nativeSqlite(file, `UPDATE ${table} SET ${ID_COLUMN[table]} = 'other' WHERE rowid = ${rowid}`);
    return {
      row: `${table} ${rowid}`,
      message: new RegExp(`entry ${seq} .*${escaped(id)}.* was deleted or renamed: "other"`),
    };
  },

  'forge a redaction'(file, random, table) {
    const { rowid, id, seq } = random.oneOf(rowsOf(file, table));
    const column = { receipts: 'receipt_json', agent_memory: 'memory_json', audit_log: 'details' }[table];
    const form = `{"redacted":{"sha256":"${'1'.repeat(64)}","size_bytes":11}}`;
    nativeSqlite(file, `UPDATE ${table} SET ${column} = '${form}' WHERE rowid = ${rowid}`);
    return { row: `${table} ${rowid}`, message: new RegExp(`${escaped(id)}.* was edited: .* entry ${seq} `) };
  },

  'edit an entry of a redaction'(file, random, table) {
    const seqs = query<{ seq: number }>(file, "SELECT seq FROM _change_log WHERE kind = 'rows.redacted'");
    if (seqs.length === 0) return this['edit']?.(file, random, table) as Expected;
    const { seq } = random.oneOf(seqs);
    nativeSqlite(
      file,
      `UPDATE _change_log SET body = json_set(body, '$.reason', 'other') WHERE seq = ${seq}`,
    );
    return { row: null, message: new RegExp(`entry ${seq} .*was edited`) };
  },

  'remove the entry of a deletion or a redaction'(file, random, table) {
    const seqs = query<{ seq: number }>(
      file,
      "SELECT seq FROM _change_log WHERE kind IN ('rows.redacted', 'rows.deleted') AND seq > (SELECT min(seq) FROM _change_log) AND json_extract(body, '$.cause') = 'request'",
    );
    if (seqs.length === 0) return this['edit']?.(file, random, table) as Expected;
    const { seq } = random.oneOf(seqs);
    nativeSqlite(file, `DELETE FROM _change_log WHERE seq = ${seq}`);
    return { row: null, message: new RegExp(`entry ${seq} is missing`) };
  },

  delete(file, random, table) {
    const { rowid, id, seq } = random.oneOf(rowsOf(file, table));
    nativeSqlite(file, `DELETE FROM ${table} WHERE rowid = ${rowid}`);
    return {
      row: `${table} ${rowid}`,
      message: new RegExp(`entry ${seq} .*${escaped(id)}.* was deleted by another program`),
    };
  },

  'delete and insert another with the same rowid'(file, random, table) {
    const { rowid, id } = random.oneOf(rowsOf(file, table));
    nativeSqlite(
      file,
      `DELETE FROM ${table} WHERE rowid = ${rowid}`,
      nativeInsert(table, 'other', String(rowid)),
    );
    return {
      row: `${table} ${rowid}`,
      message: new RegExp(`${escaped(id)}.* was deleted or renamed: "other"`),
    };
  },

  insert(file, random, table) {
    const taken = new Set(
      query<{ rowid: number }>(file, `SELECT rowid FROM ${table}`).map(({ rowid }) => rowid),
    );
    const greatest = Math.max(...rowsOf(file, table).map(({ rowid }) => rowid));
    const free = upTo(greatest + 5)
      .map((n) => n - 5)
      .filter((rowid) => !taken.has(rowid));
    const rowid = random.oneOf(free);
    nativeSqlite(file, nativeInsert(table, 'slipped in', String(rowid)));
    return { row: `${table} ${rowid}`, message: /"slipped in" was inserted by another program/ };
  },

  'swap rows'(file, random, table) {
    const rows = rowsOf(file, table);
    const one = random.oneOf(rows);
    const other = random.oneOf(rows.filter((row) => row !== one));
    nativeSqlite(
      file,
      `UPDATE ${table} SET rowid = -1000 WHERE rowid = ${one.rowid}`,
      `UPDATE ${table} SET rowid = ${one.rowid} WHERE rowid = ${other.rowid}`,
      `UPDATE ${table} SET rowid = ${other.rowid} WHERE rowid = -1000`,
    );
    const first = one.seq < other.seq ? one : other;
    return {
      row: `${table} ${first.rowid}`,
      message: new RegExp(`entry ${first.seq} .*${escaped(first.id)}.* was deleted or renamed`),
    };
  },

  'cut off rows'(file, random, table) {
    const rows = rowsOf(file, table);
    const { rowid: last } = random.oneOf(rows);
    nativeSqlite(file, `DELETE FROM ${table} WHERE rowid >= ${last}`);
    const first = rows.find(({ rowid }) => rowid >= last) as Row;
    return {
      row: `${table} ${first.rowid}`,
      message: new RegExp(`entry ${first.seq} .*${escaped(first.id)}.* was deleted by another program`),
    };
  },

  'delete rows with their entries'(file, random, table) {
    const rows = rowsOf(file, table);
    const { rowid, seq } = random.oneOf(rows.slice(0, -1));
    nativeSqlite(
      file,
      `DELETE FROM ${table} WHERE rowid = ${rowid}`,
      `DELETE FROM _change_log WHERE seq = ${seq}`,
    );
    return { row: null, message: new RegExp(`entry ${seq} is missing`) };
  },

  'cut off the beginning of the log'(file, random) {
    const [{ first, last } = { first: 0, last: 0 }] = query<{ first: number; last: number }>(
      file,
      'SELECT min(seq) AS first, max(seq) AS last FROM _change_log',
    );
    const cut = random.between(first, last - 1);
    // What is left must not look like the beginning after a restore.
    nativeSqlite(
      file,
      `DELETE FROM _change_log WHERE seq <= (SELECT min(seq) FROM _change_log WHERE seq >= ${cut} AND kind NOT LIKE 'rows.%')`,
      "DELETE FROM _change_log WHERE seq = (SELECT min(seq) FROM _change_log) AND kind LIKE 'rows.%'",
    );
    return { row: null, message: /(?:entry 1 is|entries 1 to \d+ are) missing/ };
  },

  'swap entries'(file, random, table) {
    // Rows with one entry: a memory that was saved again has others, of its earlier versions.
    const single = query<{ row_id: string }>(
      file,
      'SELECT row_id FROM _change_log WHERE row_id IS NOT NULL GROUP BY row_id HAVING count(*) = 1',
    );
    const ids = new Set(single.map(({ row_id }) => row_id));
    const inserted = rowsOf(file, table).filter(({ id }) => ids.has(id));
    const one = random.oneOf(inserted.slice(0, -1));
    const other = inserted[inserted.indexOf(one) + 1] as Row;
    const [first, second] = [one.seq, other.seq];
    nativeSqlite(
      file,
      `UPDATE _change_log SET seq = 1000000 WHERE seq = ${first}`,
      `UPDATE _change_log SET seq = ${first} WHERE seq = ${second}`,
      `UPDATE _change_log SET seq = ${second} WHERE seq = 1000000`,
    );
    return { row: `${table} ${other.rowid}`, message: new RegExp(`entry ${first} .*is out of order`) };
  },

  'edit an earlier version of memory'(file, random) {
    const { seq, row_id, rowid } = random.oneOf(
      query<{ seq: number; row_id: string; rowid: number }>(
        file,
        `SELECT max(seq) AS seq, row_id, agent_memory.rowid AS rowid FROM _change_log
          JOIN agent_memory ON memory_id = row_id
          WHERE kind = 'memory.saved' AND body IS NOT NULL AND agent_id LIKE 'agent-%' GROUP BY row_id`,
      ),
    );
    nativeSqlite(
      file,
      `UPDATE _change_log SET body = json_set(body, '$.memory_json', 'other') WHERE seq = ${seq}`,
    );
    return {
      row: `agent_memory ${rowid}`,
      message: new RegExp(`version of "${row_id}" that entry ${seq} .*was edited`),
    };
  },

  'edit the hash of an entry'(file, random, table) {
    const { rowid, seq } = random.oneOf(rowsOf(file, table));
    nativeSqlite(file, `UPDATE _change_log SET leaf = x'00' WHERE seq = ${seq}`);
    return { row: `${table} ${rowid}`, message: new RegExp(`was edited: .* entry ${seq} `) };
  },

  'edit an entry of deleted rows'(file, random) {
    const seqs = query<{ seq: number }>(file, "SELECT seq FROM _change_log WHERE kind LIKE 'rows.%'");
    if (seqs.length === 0) return this['edit']?.(file, random, 'receipts') as Expected;
    const { seq } = random.oneOf(seqs);
    nativeSqlite(file, `UPDATE _change_log SET body = json_set(body, '$.extra', 1) WHERE seq = ${seq}`);
    return { row: null, message: new RegExp(`entry ${seq} .*was edited`) };
  },
};

const tableOf = (row: string | null): string | undefined => row?.split(' ')[0];

it.each([1, 2, 3])(
  'finds and names whatever another program does to a random history (seed %i)',
  async (seed) => {
    const database = createTestDatabase();
    const random = new SeededRandom(seed);
    await makeHistory(database, random);
    const untouched = await database.open();
    const report = await untouched.verify();
    expect(report.problems.filter(({ check }) => check === 'history')).toEqual([]);
    expect(report.history).toMatchObject({ rowsWithoutHash: 0 });
    await untouched.close();

    for (const [index, [name, tamper]] of Object.entries(TAMPERINGS).entries()) {
      const table = TABLES[(index + seed) % TABLES.length] as TableName;
      const file = database.path('tampered.db');
      fs.copyFileSync(database.file, file);
      const { row, message } = tamper.call(TAMPERINGS, file, random, table);
      await using tampered = await database.open({ path: file });
      const found = await tampered.verify();
      const context = `${name} ${table}, seed ${seed}: ${JSON.stringify(found.problems)}`;
      const first = found.problems.find(
        (problem) => problem.check === 'history' && tableOf(problem.row) === tableOf(row),
      );
      expect(found.ok, context).toBe(false);
      expect(first?.message ?? 'nothing', context).toMatch(message);
      expect(first?.row, context).toBe(row);
    }
  },
);
