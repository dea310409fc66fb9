import { expect, test } from '@ggen-sim/playwright';

test.use({
  startFrom: { receipts: [{ executionId: 'e-1', agentId: 'a', agentType: 't', receipt: { n: 1 } }] },
});

test('the database of a page is seeded, read in Node and matched', async ({
  pageDatabase,
  persistenceFrom,
}) => {
  await expect(pageDatabase).toHaveReceipt({ executionId: 'e-1', receipt: { n: 1 } });
  const db = await persistenceFrom(await pageDatabase.exportImage());
  expect(await db.verify()).toMatchObject({ ok: true });
});
