import { openPersistence } from '@ggen-sim/core';

test('a saved receipt is found', async () => {
  const db = await openPersistence({ storage: 'memory' });
  await db.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: { ok: true } });
  expect(await db.getReceipt({ executionId: 'e' })).toBe('{"ok":true}');
  await db.close();
});
