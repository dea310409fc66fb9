import { receipts } from '@ggen-sim/core/drizzle';
import { drizzle } from '@ggen-sim/sqljs-vfs/drizzle';
import { countReceipts } from './count-receipts.js';

await countReceipts(async (durable) => (await drizzle(durable).select().from(receipts)).length);
