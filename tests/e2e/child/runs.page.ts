import { expect, test } from '@ggen-sim/playwright';

test.use({
  startFrom: {
    receipts: [
      { executionId: 'exec-1', agentId: 'validator-1', agentType: 'validation', receipt: { conforms: true } },
    ],
  },
});

test('the page shows earlier runs, and saves one more', async ({ page, pageDatabase }) => {
  await page.goto('./#/receipts');
  await expect(page.getByText('exec-1')).toBeVisible();
  await page.getByRole('button', { name: 'Session', exact: true }).click();
  await page.getByRole('button', { name: 'Water network with errors' }).click();
  await page.getByRole('button', { name: 'Run validation' }).click();
  await expect(pageDatabase).toHaveReceipt({
    agentId: 'validator-1',
    status: 'error',
    receipt: { error: null, counts: { violations: expect.any(Number) } },
  });
  await expect(pageDatabase).toHaveAudited({ operation: 'validate_ontology', status: 'completed' });
});
