import { openPersistence } from '@ggen-sim/core';
import { serveDatabase } from '@ggen-sim/serve';
import { openTarget, Synchroniser } from '@ggen-sim/sync';
import { hubRoutes } from '@ggen-sim/sync/hub';

/** Serves a hub that is a file. @returns the server, with its `url`, `port` and `token` */
export async function serveHub(file, options = {}) {
  return serveDatabase(await openPersistence({ storage: 'memory' }), {
    routes: hubRoutes(await openTarget(file)),
    ...options,
  });
}

/**
 * Synchronises a new database over a hub.
 * @param executionId - of a receipt that is saved in it before
 * @returns the ids of all executions that it has then, sorted
 */
export async function executionsOver({ url, token }, executionId) {
  const db = await openPersistence({ storage: 'memory' });
  if (executionId !== undefined)
    await db.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: { n: 1 } });
  const target = await openTarget(url, { token });
  await new Synchroniser(db, target).synchronise();
  const receipts = await db.queryReceipts();
  await target.close();
  await db.close();
  return receipts.map((receipt) => receipt.executionId).toSorted();
}
