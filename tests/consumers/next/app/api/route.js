import { openPersistence } from '@ggen-sim/core';

export const dynamic = 'force-dynamic';

export async function GET() {
  const db = await openPersistence({ storage: 'file', path: 'server.db' });
  await db.saveReceipt({ executionId: crypto.randomUUID(), agentId: 'a', agentType: 't', receipt: '{}' });
  const { receiptsTotal } = await db.stats();
  await db.close();
  return new Response(`counted ${receiptsTotal}`);
}
