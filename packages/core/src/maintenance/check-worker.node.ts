/** A thread that runs parts of a check on a copy. */
import { parentPort } from 'node:worker_threads';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { descriptorStorage } from '@ggen-sim/sqljs-vfs/internal/file';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Progress } from '../api/persistence.ts';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import { expose } from '../protocol/rpc.ts';
import { checkPart, type CheckFindings, type CheckPart } from './check-parts.ts';

/** Answers the thread that started this one. */
export class CheckService {
  #copy: SqliteConnection | undefined;

  /** @param descriptor - of the file of the copy, in this process */
  async open(descriptor: number): Promise<void> {
    this.#copy = new SqliteConnection(await openDatabase(descriptorStorage(descriptor)));
  }

  async check(
    part: CheckPart,
    checkpoints: readonly string[],
    onProgress: (progress: Progress) => void,
  ): Promise<CheckFindings> {
    return checkPart(part, this.#copy as SqliteConnection, { checkpoints, onProgress });
  }
}

expose(new CheckService(), nodeEndpoint(parentPort));
