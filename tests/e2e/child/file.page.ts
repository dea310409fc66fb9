import { expect, test } from '@ggen-sim/playwright';

test('a file of the page is read in Node', async ({ persistenceFrom, pageDatabase }) => {
  await pageDatabase.seed({ memories: [{ agentId: 'a', agentType: 't', memory: { runs: 3 } }] });
  const db = await persistenceFrom(await pageDatabase.exportImage());
  await expect(db).toHaveMemory({ agentId: 'a', memory: { runs: 3 } });
  expect(await db.verify()).toMatchObject({ ok: true });
});
