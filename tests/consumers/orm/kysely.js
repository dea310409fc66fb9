import { DurableDialect } from '@ggen-sim/sqljs-vfs/kysely';
import { Kysely } from 'kysely';
import { countReceipts } from './count-receipts.js';

await countReceipts(async (durable) => {
  const db = new Kysely({ dialect: new DurableDialect(durable) });
  return (await db.selectFrom('receipts').selectAll().execute()).length;
});
