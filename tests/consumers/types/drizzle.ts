// Entries that need Drizzle.
import { receipts } from '@ggen-sim/core/drizzle';
import type { DurableDatabase } from '@ggen-sim/sqljs-vfs';
import { drizzle } from '@ggen-sim/sqljs-vfs/drizzle';

export async function firstExecution(durable: DurableDatabase): Promise<string | undefined> {
  const [row] = await drizzle(durable).select().from(receipts);
  return row?.executionId;
}
