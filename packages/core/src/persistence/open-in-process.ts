import { openDatabase, VfsError, type DurableDatabase, type Storage } from '@ggen-sim/sqljs-vfs';
import { forOtherLocks, plainReason, retry } from '@ggen-sim/sqljs-vfs/internal';
import { openStorage } from '#persistence/open-storage';
import { PersistenceError, type PersistenceErrorCode } from '../api/errors.ts';
import type { OpenOptions } from '../api/persistence.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import { assertNotTruncated } from '../engine/truncated-file.ts';
import { migrate } from '../schema/migrator.ts';
import { assertHoldsOwnTables, isEmpty } from '../schema/table-check.ts';
import { DatabasePersistence } from './database-persistence.ts';
import { checkOptions, settingsOf, type OpenSettings } from './open-options.ts';

const OPERATION = 'open';

/** Advice of SQLite's authors for files that other programs may have made (https://www.sqlite.org/security.html). */
const HARDENING_PRAGMAS = 'PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON';

/** Failures to create or write the file, which the original scripts named alike. */
const INITIALIZATION_FAILURES: ReadonlySet<PersistenceErrorCode> = new Set([
  'INITIALIZATION_FAILED',
  'READ_ONLY',
  'DISK_FULL',
  'IO_ERROR',
]);

/** Opens a database in the calling thread. */
export async function openInProcess(options: OpenOptions): Promise<DatabasePersistence> {
  checkOptions(options);
  return openOnStorage(() => openStorage(options), options);
}

/** Opens a database in the calling thread, on a storage that the caller brings. */
export async function openOnStorage(
  makeStorage: () => Storage,
  options: OpenOptions,
): Promise<DatabasePersistence> {
  const settings = settingsOf(options);
  const { exclusive, isReadOnly, durability, policy, clock, key } = settings;
  try {
    if (exclusive) await checkShared(makeStorage(), settings);
    const durable = await openDatabase(makeStorage(), {
      exclusive,
      ...(key !== undefined && { key }),
      synchronous: exclusive && durability === 'relaxed' ? 'normal' : 'full',
      busyDeadlineMs: policy.busyDeadlineMs,
      validate: (opened) => prepareDatabase(opened, settings),
    });
    return new DatabasePersistence(new SqliteConnection(durable), policy, clock, durability, isReadOnly);
  } catch (error) {
    throw openFailure(error);
  }
}

/**
 * Refuses a file that cannot be used before an exclusive connection changes its header to WAL mode. A file that is in WAL mode
 * already is judged by that connection alone.
 */
async function checkShared(storage: Storage, settings: OpenSettings): Promise<void> {
  try {
    const shared = await openDatabase(storage, {
      ...(settings.key !== undefined && { key: settings.key }),
      busyDeadlineMs: settings.policy.busyDeadlineMs,
      validate: (opened) => prepareDatabase(opened, settings),
    });
    shared.close();
  } catch (error) {
    if (!(error instanceof VfsError && error.code === 'WAL_MODE')) throw error;
  }
}

/** Checks the file and migrates it, as soon as other connections release their locks. */
function prepareDatabase(
  opened: DurableDatabase,
  { create, changeLog, policy, clock, isReadOnly }: OpenSettings,
): Promise<void> {
  const connection = new SqliteConnection(opened);
  const deadline = performance.now() + policy.busyDeadlineMs;
  const prepare = async (): Promise<void> => {
    connection.exec(HARDENING_PRAGMAS);
    assertNotTruncated(connection, OPERATION);
    if (isReadOnly) return;
    if (!create && !isEmpty(connection)) {
      assertHoldsOwnTables(connection, OPERATION, ', or open it with `create` to add its tables to this one');
    }
    await migrate(connection, clock(), deadline, { changeLog });
  };
  const inTransaction = (): Promise<void> =>
    isReadOnly ? opened.readTransaction(prepare) : opened.writeTransaction(prepare);
  return retry(inTransaction, forOtherLocks(deadline));
}

/** Reports failures of the path as the original scripts did. */
export function openFailure(error: unknown): PersistenceError {
  const failure = toPersistenceError(error, OPERATION);
  if (!INITIALIZATION_FAILURES.has(failure.code)) return failure;
  const cause =
    failure.cause instanceof Error && failure.cause.cause instanceof Error ? failure.cause.cause : undefined;
  const reason = cause ? `${failure.message} (${plainReason(cause)})` : failure.message;
  return new PersistenceError(failure.code, `Database initialization failed: ${reason}`, {
    operation: OPERATION,
    cause: error,
    hint: failure.hint ?? 'Check that the path can be created and written, and that there is room.',
  });
}
