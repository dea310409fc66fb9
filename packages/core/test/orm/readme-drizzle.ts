import { openPersistence } from '@ggen-sim/core';
import { receipts } from '@ggen-sim/core/drizzle';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { drizzle } from '@ggen-sim/sqljs-vfs/drizzle';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { count } from 'drizzle-orm';

const persistence = await openPersistence({ storage: 'file', path: 'ggen.db' });
const receipt = { ok: true };
const executionId = crypto.randomUUID();
await persistence.saveReceipt({ executionId, agentId: 'validator-1', agentType: 'validation', receipt });

const durable = await openDatabase(fileStorage('ggen.db'));
const runs = await drizzle(durable)
  .select({ agentId: receipts.agentId, count: count() })
  .from(receipts)
  .groupBy(receipts.agentId);
process.stdout.write(`${JSON.stringify(runs)}\n`);
durable.close();
await persistence.close();
