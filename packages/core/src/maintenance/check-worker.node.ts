/** A thread that runs parts of a check on a copy. */
import { parentPort } from 'node:worker_threads';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { descriptorStorage } from '@ggen-sim/sqljs-vfs/internal/file';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Progress } from '../api/persistence.ts';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import { expose } from '../protocol/rpc.ts';
import { checkPart, type CheckFindings, type CheckPart } from './check-parts.ts';

/** The integrity check looks up each row in every index: with SQLite's cache of a database in use it reads pages again and again. */
const CACHE_SIZE_KIB = 65_536;

/** A report is a message to another thread, which costs more than a batch of rows. */
const PROGRESS_INTERVAL_MS = 50;

/** Answers the thread that started this one. */
export class CheckService {
  #copy: SqliteConnection | undefined;

  /** @param descriptor - of the file of the copy, in this process */
  async open(descriptor: number): Promise<void> {
    const copy = await openDatabase(descriptorStorage(descriptor));
    copy.database.exec(`PRAGMA cache_size = ${-CACHE_SIZE_KIB}`);
    this.#copy = new SqliteConnection(copy);
  }

  async check(
    part: CheckPart,
    checkpoints: readonly string[],
    onProgress: (progress: Progress) => void,
  ): Promise<CheckFindings> {
    let reportedAt = -Infinity;
    const report = (progress: Progress): void => {
      const now = performance.now();
      if (now - reportedAt < PROGRESS_INTERVAL_MS) return;
      reportedAt = now;
      onProgress(progress);
    };
    return checkPart(part, this.#copy as SqliteConnection, { checkpoints, onProgress: report });
  }
}

expose(new CheckService(), nodeEndpoint(parentPort));
