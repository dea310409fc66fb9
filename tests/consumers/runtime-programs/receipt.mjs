/** Argument: file. Saves a receipt and prints how many there are: small enough to become one executable. */
import { openPersistence } from '@ggen-sim/core';

const db = await openPersistence({ storage: 'file', path: process.argv[2] });
await db.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: '{}' });
console.log((await db.stats()).receiptsTotal);
await db.close();
