/** A storage may run the work of a read again. Reads bear it; work that hands bytes to a caller runs once. */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { wrapStorage } from '@ggen-sim/sqljs-vfs/testing';
import { expect, it } from 'vitest';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/engine/retry.ts';
import { OperationQueue } from '../../src/queue/operation-queue.ts';
import { rejectionOf } from '../../src/testing/persistence-case.ts';

async function queueOnRepeatingStorage(): Promise<OperationQueue> {
  const storage = wrapStorage(memoryStorage(), {
    transactions: {
      readTransaction: async (work) => {
        try {
          return await work();
        } catch {
          return work();
        }
      },
      writeTransaction: async (work) => work(),
    },
  });
  const connection = new SqliteConnection(await openDatabase(storage));
  const hooks = { begin: () => undefined, committed: () => undefined, changed: () => undefined };
  return new OperationQueue(connection, DEFAULT_RETRY_POLICY, hooks);
}

it('a read runs again, and its caller gets the second answer', async () => {
  const queue = await queueOnRepeatingStorage();
  let runs = 0;
  const answer = await queue.enqueueRead('read', () => {
    runs++;
    if (runs === 1) throw new Error('unreadable');
    return runs;
  });
  expect(answer).toBe(2);
});

it('a read transaction of several steps, as of a backup, runs once and fails with its own error', async () => {
  const queue = await queueOnRepeatingStorage();
  const written: string[] = [];
  const backup = queue.runInSteps('exportBackup', (steps) =>
    steps.readTransaction(async () => {
      written.push('first file');
      await Promise.resolve();
      throw new Error('unreadable');
    }),
  );
  expect(await rejectionOf(backup)).toMatchObject({
    message: expect.stringContaining('unreadable') as string,
  });
  expect(written).toEqual(['first file']);
});
