import { openDatabase, retryBusy, type Storage } from '@ggen-sim/sqljs-vfs';
import { openStorage } from '#persistence/open-storage';
import { DatabasePersistence } from './database-persistence.ts';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { assertNotTruncated } from '../engine/truncated-file.ts';
import { PersistenceError, type PersistenceErrorCode } from '../api/errors.ts';
import type { OpenOptions, RetryPolicy } from '../api/persistence.ts';
import { DEFAULT_RETRY_POLICY } from '../queue/operation-queue.ts';
import { checkChoice, checkRequired, checkText, checkWholeNumber, invalid } from '../validation/arguments.ts';
import { migrate } from '../schema/migrator.ts';

const OPERATION = 'open';

/** Advice of SQLite's authors for files that other programs may have made (https://www.sqlite.org/security.html). */
const HARDENING_PRAGMAS = 'PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON';

/** Failures of making or writing the file, as the original scripts named them. */
const INITIALIZATION: ReadonlySet<PersistenceErrorCode> = new Set([
  'INITIALIZATION_FAILED',
  'READ_ONLY',
  'DISK_FULL',
  'IO_ERROR',
]);

/** Opens a database in this very thread. */
export async function openInProcess(options: OpenOptions): Promise<DatabasePersistence> {
  checkOptions(options);
  return openOnStorage(() => openStorage(options), options);
}

/** Opens a database in this very thread, on a storage of the caller's. */
export async function openOnStorage(
  makeStorage: () => Storage,
  options: OpenOptions,
): Promise<DatabasePersistence> {
  const policy: RetryPolicy = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  const clock = options.clock ?? ((): Date => new Date());
  const exclusive = isExclusive(options);
  const relaxed = (exclusive || options.storage === 'indexeddb') && options.durability === 'relaxed';
  try {
    const durable = await openDatabase(makeStorage(), {
      exclusive,
      synchronous: exclusive && relaxed ? 'normal' : 'full',
      busyDeadlineMs: policy.busyDeadlineMs,
      async validate(opened) {
        const connection = new SqliteConnection(opened);
        const deadline = performance.now() + policy.busyDeadlineMs;
        const prepare = async (): Promise<void> => {
          connection.exec(HARDENING_PRAGMAS);
          assertNotTruncated(connection, OPERATION);
          await migrate(connection, clock(), deadline);
        };
        await retryBusy(() => opened.writeTransaction(prepare), policy.busyDeadlineMs);
      },
    });
    return new DatabasePersistence(
      new SqliteConnection(durable),
      policy,
      clock,
      relaxed ? 'relaxed' : 'strict',
    );
  } catch (error) {
    throw openFailure(error);
  }
}

function checkOptions(options: OpenOptions): void {
  checkChoice({ operation: OPERATION, name: 'storage' }, options.storage, [
    'file',
    'indexeddb',
    'opfs',
    'memory',
  ]);
  if (options.storage !== 'memory') {
    const place = options.storage === 'file' ? { path: options.path } : { name: options.name };
    checkRequired(OPERATION, place);
    for (const [name, value] of Object.entries(place)) checkText({ operation: OPERATION, name }, value);
  }
  checkExclusive(options);
  const { durability, retry = {} } = options;
  if (durability !== undefined) {
    checkChoice({ operation: OPERATION, name: 'durability' }, durability, ['strict', 'relaxed']);
  }
  for (const [name, value] of Object.entries(retry)) checkWholeNumber({ operation: OPERATION, name }, value);
}

function isExclusive(options: OpenOptions): boolean {
  return (options.storage === 'file' || options.storage === 'opfs') && options.exclusive === true;
}

/** Whoever asks to own a database must not share one unawares. */
function checkExclusive(options: OpenOptions): void {
  const { exclusive = false } = options as { readonly exclusive?: unknown };
  const field = { operation: OPERATION, name: 'exclusive' };
  if (typeof exclusive !== 'boolean') throw invalid(field, exclusive, 'true or false');
  if (exclusive && !isExclusive(options)) {
    throw invalid(field, exclusive, `left out: only 'file' and 'opfs' have a write-ahead log`);
  }
}

function openFailure(error: unknown): PersistenceError {
  const failure = toPersistenceError(error, OPERATION);
  if (!INITIALIZATION.has(failure.code)) return failure;
  const cause =
    failure.cause instanceof Error && failure.cause.cause instanceof Error ? failure.cause.cause : undefined;
  const reason = cause ? `${failure.message} (${cause.message})` : failure.message;
  return new PersistenceError(failure.code, `Database initialization failed: ${reason}`, {
    operation: OPERATION,
    cause: error,
    hint: failure.hint ?? 'Check that the path can be created and written, and that there is room.',
  });
}
