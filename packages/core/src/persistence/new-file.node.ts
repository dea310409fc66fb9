import fs from 'node:fs';
import path from 'node:path';
import { openDatabase, VfsError, type DurableDatabase } from '@ggen-sim/sqljs-vfs';
import { followSymlinks, syncDirectory } from '@ggen-sim/sqljs-vfs/internal/file';
import { openStorage } from '#persistence/open-storage';
import { yieldToEventLoop } from '#queue/yield';
import { PersistenceError } from '../api/errors.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import type { FileOpenOptions, RestoreOptions, RestoreReport } from '../api/persistence.ts';
import { giveFreeName } from '../exports/export-targets.node.ts';
import { PartialOutput } from '../exports/partial-output.node.ts';
import { throwIfAborted } from '../validation/abort.ts';
import { invalid } from '../validation/arguments.ts';
import { openFailure, openInProcess } from './open-in-process.ts';
import { checkOptions, settingsOf } from './open-options.ts';

const OPERATION = 'restoreToNewFile';

/** Suffixes of the database and of the files that SQLite keeps beside it. */
const SUFFIXES = ['', '-journal', '-wal', '-shm'];

/**
 * Restores a backup to a database file that does not exist yet, or is empty. It is restored under a temporary name, so the
 * file appears complete or not at all. An empty file, which others may have open, is filled in one transaction.
 */
export async function restoreToNewFile(
  file: FileOpenOptions,
  options: RestoreOptions,
): Promise<RestoreReport> {
  checkOptions(file);
  const storage: string = file.storage;
  if (storage !== 'file') throw invalid({ operation: OPERATION, name: 'storage' }, storage, "'file'");
  const target = onPath(file.path, () => followSymlinks(file.path));
  if (!onPath(file.path, () => isEmptyFile(target))) refuseTaken(target);
  const partial = new PartialOutput(target);
  try {
    const partialFile = path.join(partial.path, path.basename(target));
    onPath(file.path, () => {
      partial.begin();
      // The folder takes the journal as well.
      fs.mkdirSync(partial.path, 0o700);
    });
    const report = await restoreTo({ ...file, path: partialFile }, options);
    if (isEmptyFile(target)) {
      await fillEmptyFile({ ...file, path: target }, { ...file, path: partialFile }, options);
      return report;
    }
    refuseTaken(target);
    onPath(file.path, () => {
      giveFreeName(partialFile, target);
      syncDirectory(path.dirname(target));
    });
    return report;
  } finally {
    partial.discard();
  }
}

async function restoreTo(file: FileOpenOptions, options: RestoreOptions): Promise<RestoreReport> {
  await using database = await openInProcess(file);
  return await database.restoreBackup(options);
}

/** Copies a database into an empty file, under SQLite's locks. A failure leaves the file empty. */
async function fillEmptyFile(
  file: FileOpenOptions,
  source: FileOpenOptions,
  { signal }: RestoreOptions,
): Promise<void> {
  const copyInto = async (target: DurableDatabase, image: DurableDatabase): Promise<void> => {
    if (target.sizeBytes() > 0) throw taken(file.path);
    await target.copyFrom(image, {
      expectedChangeCounter: 0,
      busyDeadlineMs: settingsOf(file).policy.busyDeadlineMs,
      async onStep() {
        throwIfAborted(OPERATION, signal);
        await yieldToEventLoop();
      },
    });
  };
  try {
    const { key } = settingsOf(file);
    const encrypted = key === undefined ? {} : { key };
    const image = await openDatabase(openStorage(source), encrypted);
    try {
      const filled = await openDatabase(openStorage(file), {
        ...encrypted,
        validate: (target) => target.writeTransaction(() => copyInto(target, image)),
      });
      filled.close();
    } finally {
      image.close();
    }
  } catch (error) {
    throw toPersistenceError(error, OPERATION);
  }
}

/** True for an existing file without content, which counts as no database. */
function isEmptyFile(target: string): boolean {
  const status = fs.statSync(target, { throwIfNoEntry: false });
  return status !== undefined && status.isFile() && status.size === 0;
}

/** Runs calls of the file system, and reports their failure as a failure to open the database. */
function onPath<T>(filePath: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw taken(filePath, cause);
    throw openFailure(new VfsError('CANNOT_OPEN', `cannot open ${filePath}`, { cause }));
  }
}

/** Refuses a path that has a database, or a journal that SQLite would roll back into the new one. */
function refuseTaken(target: string): void {
  // A link that leads nowhere is taken too: its target may come back.
  const found = onPath(target, () =>
    SUFFIXES.map((suffix) => target + suffix).find((name) => fs.lstatSync(name, { throwIfNoEntry: false })),
  );
  if (found !== undefined) throw taken(found);
}

function taken(filePath: string, cause?: unknown): PersistenceError {
  return new PersistenceError('ALREADY_EXISTS', `${filePath} already exists`, {
    operation: OPERATION,
    cause,
    hint: 'Nothing was restored. Choose another path, or move the file away if it was left by another database.',
  });
}
