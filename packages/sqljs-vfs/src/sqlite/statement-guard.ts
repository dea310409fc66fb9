/**
 * SQLite's authorizer (https://www.sqlite.org/c3ref/set_authorizer.html) and its progress handler
 * (https://www.sqlite.org/c3ref/progress_handler.html). sql.js exports neither of the two functions that set them. They
 * only store their arguments in the connection, which is done here instead, after the layout has been tried.
 */
import { VfsError } from '../errors.ts';
import type { SqlJs } from './load-sqljs.ts';
import { ConnectionField, CONNECTION_LIMITS, readCString } from './sqlite3-structs.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

/** Answers of an authorizer. */
const SQLITE_OK = 0;
const SQLITE_DENY = 1;

/** Action code of a SELECT. */
const SQLITE_SELECT = 21;

/** Instructions of SQLite's virtual machine between two calls of the progress handler: some 0.1 to 1 ms. */
const PROGRESS_INSTRUCTIONS = 10_000;

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
  let callbacks = installed.get(sqlJs);
  if (!callbacks) {
    callbacks = addCallbacks(sqlJs);
    tryLayout(sqlJs, callbacks);
    installed.set(sqlJs, callbacks);
  }
  return underGuard(sqlJs, (database as SqlJsDatabase & { db: number }).db, callbacks, guard, work);
}

function addCallbacks({ module, memory }: SqlJs): Callbacks {
  const text = (pointer: number): string | undefined =>
    pointer === 0 ? undefined : readCString(memory, pointer);
  const callbacks: Callbacks = {
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
  const store = (xAuth: number, xProgress: number, everyInstructions: number): void => {
    const view = new DataView(memory.buffer);
    view.setUint32(connection + ConnectionField.xAuth, xAuth, true);
    view.setUint32(connection + ConnectionField.xProgress, xProgress, true);
    view.setUint32(connection + ConnectionField.nProgressOps, everyInstructions, true);
  };
  callbacks.guard = guard;
  store(callbacks.xAuth, callbacks.xProgress, instructions);
  try {
    return work();
  } finally {
    store(0, 0, 0);
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
    const isKnown =
      CONNECTION_LIMITS.every(([offset, value]) => fieldAt(offset) === value) &&
      Object.values(ConnectionField).every((offset) => fieldAt(offset) === 0);
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
