import { openPersistence } from '@ggen-sim/core';

/** Opens the database, and lets the test save in it. */
export async function open() {
  const db = await openPersistence({ storage: 'indexeddb', name: 'ggen' });
  globalThis.save = (executionId, agentId) =>
    db.saveReceipt({ executionId, agentId, agentType: 't', receipt: '{}' });
  return db;
}
