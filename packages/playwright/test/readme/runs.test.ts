import { persistenceFrom, persistenceMatchers } from '@ggen-sim/playwright/vitest';
import { expect, test } from 'vitest';
import { validate } from './program.ts';

expect.extend(persistenceMatchers);

test('a run leaves a receipt, and counts itself', async () => {
  const db = await persistenceFrom({
    memories: [{ agentId: 'validator-1', agentType: 'validation', memory: { runs: 1 } }],
  });
  await validate(db, 'exec-1');
  await expect(db).toHaveReceipt({
    executionId: 'exec-1',
    status: 'success',
    receipt: { violations: [], stages: { parse: expect.any(Number) } },
  });
  await expect(db).toHaveMemory({ agentId: 'validator-1', version: 2, memory: { runs: 2 } });
  await expect(db).not.toHaveAudited({ status: 'failed' });
});
