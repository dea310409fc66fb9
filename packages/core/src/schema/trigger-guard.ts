/**
 * Finds code that a database made by another program could run inside this program's statements: triggers, CHECK
 * constraints, generated columns, indexes on expressions. Such code can delete what was saved, write elsewhere or never
 * end, so a database that has it on this program's tables is refused. SQLite itself lists what a statement would run
 * (EXPLAIN); the text of the schema could deceive a parser.
 */
import type { Instruction, SqliteConnection } from '../engine/sqlite-connection.ts';

/** SQLITE_CONSTRAINT_CHECK, the p1 operand of the Halt of a CHECK constraint. */
const CHECK_FAILED = 275;

/** Opcodes of virtual tables, which run the code of their module. */
const VIRTUAL = /^V(?:Begin|Open|Filter|Update)$/;

/**
 * Functions whose work is bounded: those allowed in DEFAULT clauses of additional columns, and those of this program's own
 * partial indexes.
 */
const HARMLESS = /^(?:current_(?:timestamp|date|time)|length|typeof|substr|instr|char)\(/;

/**
 * Finds code that runs besides this program's own statement when a row of a table is written or deleted.
 * @returns a description ("a trigger"), or undefined
 */
export function findSchemaCode(
  connection: SqliteConnection,
  table: string,
  columns: readonly string[],
): string | undefined {
  const values = columns.map(() => '?').join(', ');
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  for (const statement of [
    `INSERT OR ABORT INTO ${table} (${columns.join(', ')}) VALUES (${values})`,
    `UPDATE ${table} SET ${assignments} WHERE rowid = ?`,
    `DELETE FROM ${table} WHERE rowid = ?`,
  ]) {
    const code = schemaCodeIn(connection.explain(statement));
    if (code !== undefined) return code;
  }
  return undefined;
}

function schemaCodeIn(program: readonly Instruction[]): string | undefined {
  for (const { opcode, p1, p4 } of program) {
    if (opcode === 'Program') return 'a trigger';
    if (opcode === 'Halt' && p1 === CHECK_FAILED) return 'a CHECK constraint';
    if ((opcode === 'Function' || opcode === 'PureFunc') && !HARMLESS.test(p4))
      return `an expression (${p4})`;
    if (VIRTUAL.test(opcode)) return 'a virtual table';
  }
  return undefined;
}
