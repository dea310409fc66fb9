import { openPersistence } from '@ggen-sim/core';

/** Saves a receipt in a file and prints the number of all. */
async function save() {
  const db = await openPersistence({ storage: 'file', path: 'server.db' });
  await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
  const { receiptsTotal } = await db.stats();
  await db.close();
  console.log(`counted ${receiptsTotal}`);
}

save().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
