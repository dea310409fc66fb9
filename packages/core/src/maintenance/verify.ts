/**
 * Looks for everything that could be wrong with a database and reports every problem: SQLite's own integrity check, the
 * schema, the indexes, every row against the rules that it was written by, and every row against the change log.
 */
import { checkInThreads } from '#maintenance/check-threads';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Steps } from '../queue/operation-queue.ts';
import type { VerifyOptions, VerifyReport } from '../api/persistence.ts';
import { SCHEMA_VERSION } from '../schema/migrations/index.ts';
import { CHECK_PARTS, FindingList, readsOfCopy, type CheckReads } from './check-parts.ts';

/** Size up to which a database is checked in place: SQLite takes less than a second. */
const MAX_LOCKED_BYTES = 64 * 1024 * 1024;

/**
 * Runs work on a copy of the database. The descriptor is of the copy's file, where it is in one.
 * @returns undefined where no copy can be made
 */
export type ReadCopy = <T>(
  work: (copy: SqliteConnection, descriptor: number | undefined) => Promise<T>,
) => Promise<{ readonly result: T } | undefined>;

/** Checks a whole database and reports what it finds. */
export async function verify(
  connection: SqliteConnection,
  steps: Steps,
  options: VerifyOptions,
  readCopy: ReadCopy,
): Promise<VerifyReport> {
  return reportOf(async (list) => {
    // The integrity check holds its lock to the end, so a large database is copied first.
    const copied = isLarge(await steps.read(() => connection.sizeBytes()))
      ? await readCopy((copy, descriptor) => checkCopy(list, copy, descriptor, options))
      : undefined;
    if (copied) return;
    await checkParts(list, connection, options, {
      read: (work) => steps.read(work),
      inOneState: (work) => steps.readTransaction(work),
    });
  });
}

/**
 * Checks a copy that nobody writes.
 * @param descriptor - of the copy's file, where it is in one
 */
export async function verifyCopy(
  copy: SqliteConnection,
  descriptor: number | undefined,
  options: VerifyOptions,
): Promise<VerifyReport> {
  // Threads take longer to start than a small copy to be checked.
  const threads = isLarge(copy.sizeBytes()) ? descriptor : undefined;
  return reportOf((list) => checkCopy(list, copy, threads, options));
}

const isLarge = (sizeBytes: number): boolean => sizeBytes > MAX_LOCKED_BYTES;

async function checkParts(
  list: FindingList,
  checked: SqliteConnection,
  options: VerifyOptions,
  reads: CheckReads,
): Promise<void> {
  for (const part of CHECK_PARTS) await list.run(part, checked, reads, options);
}

async function checkCopy(
  list: FindingList,
  copy: SqliteConnection,
  descriptor: number | undefined,
  options: VerifyOptions,
): Promise<void> {
  const found = descriptor === undefined ? undefined : await checkInThreads(descriptor, options);
  if (found === undefined) await checkParts(list, copy, options, readsOfCopy(copy));
  else for (const [part, findings] of found) list.addPart(part, findings);
}

/** Runs checks and reports what they find. */
async function reportOf(check: (list: FindingList) => Promise<void>): Promise<VerifyReport> {
  const list = new FindingList();
  try {
    await check(list);
  } catch (error) {
    list.addFailure(error);
  }
  const { receipts, history, problemCount, problems } = list.findings;
  return {
    ok: problemCount === 0,
    schemaVersion: SCHEMA_VERSION,
    ...receipts,
    history,
    problemCount,
    problems,
  };
}
