/**
 * Finds code that a database made by another program could run inside this program's statements: triggers, CHECK
 * constraints, generated columns, indexes on expressions. Such code can delete what was saved, write elsewhere or never
 * end, so a database that has it on this program's tables is refused. SQLite itself lists what a statement would run
 * (EXPLAIN); the text of the schema could deceive a parser.
 */
import type { Instruction, SqliteConnection } from '../engine/sqlite-connection.ts';
import { timeForms } from './migrations/0004-time-forms.ts';
import { indexesIn } from './migrations/index.ts';
import { dropping, REMAKE_TABLE, type SchemaProblem } from './schema-problem.ts';

/** SQLITE_CONSTRAINT_CHECK, the p1 operand of the Halt of a CHECK constraint. */
const CHECK_FAILED = 275;

/** Text in the first instruction of a trigger's program, before its name. */
const TRIGGER_PROGRAM = '-- TRIGGER ';

/** Characters of a CHECK constraint that a message shows. */
const SHOWN_CHARACTERS = 60;

/** Opcodes of virtual tables, which run the code of their module. */
const VIRTUAL = /^V(?:Begin|Open|Filter|Update)$/;

/**
 * Functions whose work is bounded: those allowed in DEFAULT clauses of additional columns, and those of this program's own
 * partial indexes.
 */
const HARMLESS = /^(?:current_(?:timestamp|date|time)|length|typeof|substr|instr|char)\(/;

/** GLOB. A pattern of another program may take longer than anybody waits. */
const GLOB = /^glob\(/;

/** Returns the CREATE INDEX of this program's index of a table that uses GLOB, if it has one. */
function globIndexOf(table: string): string | undefined {
  return indexesIn(timeForms.sql).find((index) => index.table === table)?.sql;
}

/**
 * Finds code that runs besides this program's own statement when a row of a table is written or deleted.
 * @returns the first problem, or undefined
 */
export function findSchemaCode(
  connection: SqliteConnection,
  table: string,
  columns: readonly string[],
): SchemaProblem | undefined {
  const globIndex = globIndexOf(table);
  const hasGlobIndex =
    globIndex !== undefined &&
    connection.get("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND sql = ?", [globIndex]) !== undefined;
  const values = columns.map(() => '?').join(', ');
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  // SQLite evaluates the condition of an index for the row before and for the row after; without OR ABORT, in tables with
  // ON CONFLICT REPLACE, for a row that is replaced as well. An index whose text is this program's has so many GLOBs, so one
  // more is of somebody else.
  for (const [statement, ownGlobs] of [
    [`INSERT OR ABORT INTO ${table} (${columns.join(', ')}) VALUES (${values})`, 1],
    [`UPDATE OR ABORT ${table} SET ${assignments} WHERE rowid = ?`, 2],
    [`DELETE FROM ${table} WHERE rowid = ?`, 1],
  ] as const) {
    const code = schemaCodeIn(connection.explain(statement), hasGlobIndex ? ownGlobs : 0);
    if (code === undefined) continue;
    const { what, wayOut } = code;
    return { reason: `writing to ${table} would run ${what} that does not belong to this program`, wayOut };
  }
  return undefined;
}

interface SchemaCode {
  readonly what: string;
  readonly wayOut: string;
}

/** @param ownGlobs - number of times that this program's index uses GLOB */
function schemaCodeIn(program: readonly Instruction[], ownGlobs: number): SchemaCode | undefined {
  let globs = 0;
  for (const { opcode, p1, p4 } of program) {
    if (opcode === 'Program') return triggerIn(program);
    if (opcode === 'Halt' && p1 === CHECK_FAILED)
      return { what: `a CHECK constraint (${p4.slice(0, SHOWN_CHARACTERS)})`, wayOut: REMAKE_TABLE };
    const isFunction = opcode === 'Function' || opcode === 'PureFunc';
    if (isFunction && GLOB.test(p4) && ++globs <= ownGlobs) continue;
    if (isFunction && !HARMLESS.test(p4))
      return {
        what: `an expression (${p4})`,
        wayOut: 'Remove the column or index that has it, or choose another file.',
      };
    if (VIRTUAL.test(opcode)) return { what: 'a virtual table', wayOut: 'Choose another file.' };
  }
  return undefined;
}

/** Names the trigger whose program is listed after the statement that runs it. */
function triggerIn(program: readonly Instruction[]): SchemaCode {
  const name = program
    .map(({ opcode, p4 }) =>
      opcode === 'Init' && p4.startsWith(TRIGGER_PROGRAM) ? p4.slice(TRIGGER_PROGRAM.length) : undefined,
    )
    .find((found) => found !== undefined);
  return name === undefined
    ? { what: 'a trigger', wayOut: 'Drop it (DROP TRIGGER), or choose another file.' }
    : { what: `the trigger ${JSON.stringify(name)}`, wayOut: dropping('TRIGGER', name) };
}
