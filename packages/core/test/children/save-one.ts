/** Arguments: a path and a name. Saves one receipt and one version of the agent's memory, and prints both answers. */
import { openPersistence } from '../../src/index.ts';

const [path = '', name = ''] = process.argv.slice(2);
// On a busy machine fifty processes together take longer than the usual deadline.
const db = await openPersistence({ storage: 'file', path, retry: { busyDeadlineMs: 280_000 } });
const [receipt, memory] = await Promise.all([
  db.saveReceipt({ executionId: name, agentId: 'shared', agentType: 'test', receipt: { name } }),
  db.saveMemory({ agentId: 'shared', agentType: 'test', memory: { name } }),
]);
await db.close();
process.stdout.write(JSON.stringify({ ...receipt, ...memory }));
