import { openPersistence } from '@ggen-sim/core';
import { backgroundSync } from '@ggen-sim/sync';

const { url, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const sync = backgroundSync(url, { token, intervalMs: 50 });
const db = await openPersistence({ storage: 'indexeddb', name: 'ggen', sync });
globalThis.save = (executionId) =>
  db.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: { n: 1 } });
globalThis.executions = async () =>
  (await db.queryReceipts()).map(({ executionId }) => executionId).toSorted();
globalThis.errorCode = async () => (await db.sync.status()).lastError?.code;
