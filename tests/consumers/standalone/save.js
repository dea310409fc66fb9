import { openPersistence } from './ggen-sim/index.js';

const opened = {};
let saved = 0;

/** Saves a receipt in a database that stays open. @returns what the page shows */
export async function save(storage) {
  try {
    opened[storage] ??= openPersistence({ storage, name: 'ggen' });
    const db = await opened[storage];
    await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
    saved += 1;
    return `counted ${(await db.stats()).receiptsTotal}, of which this worker saved ${saved}`;
  } catch (error) {
    return `failed ${error.code}: ${error.message}`;
  }
}
