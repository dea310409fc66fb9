/**
 * What a database made by somebody else could have our own statements do: triggers, CHECK constraints, generated
 * columns, indexes on expressions. They can delete what was saved, write elsewhere, or never end, so a database that
 * has them on our tables is refused. SQLite itself is asked, by EXPLAIN, what a statement would run; the schema's text
 * could be made to deceive.
 */
import type { Instruction, SqliteConnection } from '../engine/sqlite-connection.ts';

/** SQLITE_CONSTRAINT_CHECK, which a Halt answers for a CHECK constraint. */
const CHECK_FAILED = 275;

/** Virtual tables are code of their module. */
const VIRTUAL = /^V(?:Begin|Open|Filter|Update)$/;

/** Defaults of other columns may say when: what these compute is bounded. */
const HARMLESS = /^current_(?:timestamp|date|time)\(/;

/**
 * What runs besides our own statement when a row of a table is written or deleted.
 * @returns in words, or undefined if nothing does
 */
export function foreignRuleOf(
  connection: SqliteConnection,
  table: string,
  columns: readonly string[],
): string | undefined {
  const values = columns.map(() => '?').join(', ');
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  for (const statement of [
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values})`,
    `UPDATE ${table} SET ${assignments} WHERE rowid = ?`,
    `DELETE FROM ${table} WHERE rowid = ?`,
  ]) {
    const rule = foreignRuleIn(connection.explain(statement));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function foreignRuleIn(program: readonly Instruction[]): string | undefined {
  for (const { opcode, p1, p4 } of program) {
    if (opcode === 'Program') return 'a trigger';
    if (opcode === 'Halt' && p1 === CHECK_FAILED) return 'a CHECK constraint';
    if ((opcode === 'Function' || opcode === 'PureFunc') && !HARMLESS.test(p4))
      return `an expression (${p4})`;
    if (VIRTUAL.test(opcode)) return 'a virtual table';
  }
  return undefined;
}
