import { persistenceFrom, persistenceMatchers } from '@ggen-sim/playwright/vitest';
import { expect, test } from 'vitest';

expect.extend(persistenceMatchers);

test('a save is a receipt', async () => {
  const db = await persistenceFrom({ memories: [{ agentId: 'a', agentType: 't', memory: { runs: 1 } }] });
  await db.saveReceipt({ executionId: 'e-1', agentId: 'a', agentType: 't', receipt: { n: 1 } });
  await expect(db).toHaveReceipt({ executionId: 'e-1', receipt: { n: expect.any(Number) } });
  await expect(db).toHaveMemory({ agentId: 'a', memory: { runs: 1 } });
  await expect(db).not.toHaveReceipt({ executionId: 'e-2' });
});
