import { openPersistence } from '@ggen-sim/core';

const WORKERS = {
  default: () => ({}),
  own: () => ({ worker: new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }) }),
  none: () => ({ worker: false }),
};

/** Saves a receipt and shows the number of all. */
async function save() {
  const parameters = new URLSearchParams(location.search);
  const worker = parameters.get('worker');
  const storage = parameters.get('storage');
  const db = await openPersistence({ storage, name: `${storage}-${worker}`, ...WORKERS[worker]() });
  await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
  const { receiptsTotal } = await db.stats();
  await db.close();
  document.title = `counted ${receiptsTotal}`;
}

save().catch((error) => {
  document.title = `failed ${error.code}: ${error.message} ${error.cause?.message ?? ''}`;
});
