import { openPersistence } from '@ggen-sim/core';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { indexedDbStorage } from '@ggen-sim/sqljs-vfs/indexeddb';

/** Saves a receipt through SQLite in the worker, and shows the number that a driver in the page counts. */
export async function countReceipts(count) {
  try {
    const db = await openPersistence({ storage: 'indexeddb', name: 'ggen' });
    await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
    document.title = `counted ${await count(await openDatabase(indexedDbStorage('ggen')))}`;
  } catch (error) {
    document.title = `failed ${error.code}: ${error.message} ${error.cause?.message ?? ''}`;
  }
}
