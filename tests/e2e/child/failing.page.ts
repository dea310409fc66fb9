/** Fails on purpose, with a database of the page and one of Node. */
import { expect, test } from '@ggen-sim/playwright';

test.use({
  startFrom: {
    receipts: [{ executionId: 'exec-1', agentId: 'validator-1', agentType: 'validation', receipt: { n: 1 } }],
  },
});

test('fails', async ({ pageDatabase, persistenceFrom }) => {
  await persistenceFrom({
    receipts: [{ executionId: 'in-node', agentId: 'planner', agentType: 'plan', receipt: { n: 2 } }],
  });
  await expect(pageDatabase).not.toHaveReceipt({ agentId: 'planner' });
  await expect(pageDatabase).toHaveReceipt({ agentId: 'validator-1', receipt: { n: 2 } }, { timeout: 1 });
});
