/** One state of a database to read for long, in a copy, so that others can write meanwhile. */
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { createScratch } from '#backup/scratch';
import type { LongOperationOptions } from '../api/persistence.ts';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { Steps } from '../queue/operation-queue.ts';
import { copyOnline, isCopyFailure } from './online-copy.ts';
import type { Scratch } from './scratch.ts';

/** Options of {@link readCopy}. */
export interface CopyOptions extends LongOperationOptions {
  /** Method that copies, for errors. */
  readonly operation: string;
}

/**
 * Runs work that reads a copy of the database. It is given the descriptor of the copy's file, where it is in one.
 * @returns the result; undefined where a copy cannot be made, or would take the last room
 */
export async function readCopy<T>(
  connection: SqliteConnection,
  steps: Steps,
  options: CopyOptions,
  work: (copy: SqliteConnection, descriptor: number | undefined) => Promise<T>,
): Promise<{ readonly result: T } | undefined> {
  const scratch = await copyToScratch(connection, steps, options);
  if (!scratch) return undefined;
  try {
    const copy = await openDatabase(scratch.storage);
    try {
      return { result: await work(new SqliteConnection(copy), scratch.descriptor) };
    } finally {
      copy.close();
    }
  } finally {
    scratch.storage.close?.();
  }
}

async function copyToScratch(
  connection: SqliteConnection,
  steps: Steps,
  options: CopyOptions,
): Promise<Scratch | undefined> {
  // The copy would be a plain one, on the disk that holds the encrypted database.
  if (connection.durable.encryption === 'SQLCipher 4') return undefined;
  let scratch: Scratch;
  try {
    scratch = createScratch(connection.durable.storage);
  } catch {
    // This user cannot write to the folder of the database.
    return undefined;
  }
  try {
    const size = await steps.read(() => connection.sizeBytes());
    if (!scratch.hasRoomFor(size)) {
      scratch.storage.close?.();
      return undefined;
    }
    const target = scratch.storage.open('main', { create: true, exclusive: false, readOnly: false });
    await copyOnline(connection, steps, target, options);
    target.close();
    return scratch;
  } catch (error) {
    scratch.storage.close?.();
    if (isCopyFailure(error)) return undefined;
    throw error;
  }
}
