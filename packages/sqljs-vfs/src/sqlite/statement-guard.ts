/**
 * SQLite's authorizer (https://www.sqlite.org/c3ref/set_authorizer.html), its progress handler
 * (https://www.sqlite.org/c3ref/progress_handler.html) and its limits (https://www.sqlite.org/c3ref/limit.html). sql.js
 * exports none of the functions that set them. They only store their arguments in the connection, which is done here
 * instead, after the layout has been tried.
 */
import { VfsError } from '../errors.ts';
import type { SqlJs } from './load-sqljs.ts';
import { ConnectionField, NEW_CONNECTION, readCString } from './sqlite3-structs.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

/** Answers of an authorizer. */
const SQLITE_OK = 0;
const SQLITE_DENY = 1;

/** Action code of a SELECT. */
const SQLITE_SELECT = 21;

/** Instructions of SQLite's virtual machine between two calls of the progress handler: some 0.1 to 1 ms. */
const PROGRESS_INSTRUCTIONS = 10_000;

/** Largest size of a value under a guard, in bytes. One that fills the memory fails outside of SQLite. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024;

/** Longest pattern of LIKE and GLOB under a guard, in bytes. Each `%` of it may take a call on the stack, which is small. */
const MAX_PATTERN_BYTES = 1000;

/** Decides which statements SQLite may prepare, and when one that runs has to end. Neither may throw or use the database. */
export interface StatementGuard {
  /**
   * Called for each action of a statement while it is prepared.
   * @param action - an action code (https://www.sqlite.org/c3ref/c_alter_table.html)
   * @param name - the first detail: of a table, a PRAGMA, …
   * @param detail - the second one: of a column, the argument of a PRAGMA, …
   * @returns false to refuse the statement with SQLITE_AUTH (23)
   */
  readonly authorize: (action: number, name: string | undefined, detail: string | undefined) => boolean;
  /** Called again and again while a statement runs. True ends it with SQLITE_INTERRUPT (9). */
  readonly shouldStop: () => boolean;
}

/** The two C functions of a realm's sql.js. They ask the guard that is in force. */
interface Callbacks {
  readonly xAuth: number;
  readonly xProgress: number;
  isLayoutKnown: boolean;
  guard: StatementGuard | undefined;
}

const installed: WeakMap<SqlJs, Callbacks> = new WeakMap();

/**
 * Runs synchronous work under a guard. Statements that were prepared before are not asked for again.
 * @throws VfsError `UNSUPPORTED_SQLJS` when a connection of this sql.js has another layout
 */
export function withStatementGuard<T>(
  sqlJs: SqlJs,
  database: SqlJsDatabase,
  guard: StatementGuard,
  work: () => T,
): T {
  const callbacks = installed.get(sqlJs) ?? addCallbacks(sqlJs);
  installed.set(sqlJs, callbacks);
  if (!callbacks.isLayoutKnown) {
    tryLayout(sqlJs, callbacks);
    callbacks.isLayoutKnown = true;
  }
  return underGuard(sqlJs, (database as SqlJsDatabase & { db: number }).db, callbacks, guard, work);
}

function addCallbacks({ module, memory }: SqlJs): Callbacks {
  const text = (pointer: number): string | undefined =>
    pointer === 0 ? undefined : readCString(memory, pointer);
  const callbacks: Callbacks = {
    isLayoutKnown: false,
    guard: undefined,
    xAuth: module.addFunction(
      (_argument: number, action: number, name: number, detail: number) =>
        callbacks.guard?.authorize(action, text(name), text(detail)) === true ? SQLITE_OK : SQLITE_DENY,
      'iiiiiii',
    ),
    xProgress: module.addFunction(() => (callbacks.guard?.shouldStop() === true ? 1 : 0), 'ii'),
  };
  return callbacks;
}

function underGuard<T>(
  { memory }: SqlJs,
  connection: number,
  callbacks: Callbacks,
  guard: StatementGuard,
  work: () => T,
  instructions: number = PROGRESS_INSTRUCTIONS,
): T {
  // The memory may have grown, so its buffer is another one each time.
  const store = (fields: readonly (readonly [offset: number, value: number])[]): void => {
    const view = new DataView(memory.buffer);
    for (const [offset, value] of fields) view.setUint32(connection + offset, value, true);
  };
  callbacks.guard = guard;
  store([
    [ConnectionField.limitLength, MAX_VALUE_BYTES],
    [ConnectionField.limitLikePatternLength, MAX_PATTERN_BYTES],
    [ConnectionField.xAuth, callbacks.xAuth],
    [ConnectionField.xProgress, callbacks.xProgress],
    [ConnectionField.nProgressOps, instructions],
  ]);
  try {
    return work();
  } finally {
    store(NEW_CONNECTION);
    callbacks.guard = undefined;
  }
}

/** Tries both callbacks on a connection of their own: the layout is that of one build of SQLite. */
function tryLayout(sqlJs: SqlJs, callbacks: Callbacks): void {
  const probe = new sqlJs.module.Database(new Uint8Array(0));
  try {
    // Reads the schema, whose statements would be ended as well.
    probe.exec('SELECT 1');
    const view = new DataView(sqlJs.memory.buffer);
    const fieldAt = (offset: number): number => view.getInt32(probe.db + offset, true);
    const isKnown = NEW_CONNECTION.every(([offset, value]) => fieldAt(offset) === value);
    const actions: number[] = [];
    const guard: StatementGuard = {
      authorize: (action) => actions.push(action) > 0,
      shouldStop: () => true,
    };
    let message = '';
    try {
      if (isKnown) underGuard(sqlJs, probe.db, callbacks, guard, () => probe.exec('SELECT 1'), 1);
    } catch (error) {
      ({ message } = error as Error);
    }
    if (message === 'interrupted' && actions.join() === String(SQLITE_SELECT)) return;
  } finally {
    probe.close();
  }
  throw new VfsError('UNSUPPORTED_SQLJS', 'unknown layout of connections in sql.js', {
    hint: 'Install sql.js 1.16.0 exactly.',
  });
}
