import { expect, test } from '../support/fixtures.ts';

for (const tabCount of [2, 3]) {
  test(`${tabCount} tabs write at once and lose nothing`, async ({ openTab }) => {
    const tabs = await Promise.all(Array.from({ length: tabCount }, () => openTab()));
    await Promise.all(
      tabs.map(({ page }, tab) =>
        page.evaluate(async (tabName) => {
          const saves = Array.from({ length: 200 }, (_, index) =>
            globalThis.ggenSim.persistence.saveReceipt({
              executionId: `tab-${tabName}-${index}`,
              agentId: `writer-${tabName}`,
              agentType: 'test',
              receipt: { index },
              durationMs: index,
            }),
          );
          await Promise.all(saves);
        }, tab),
      ),
    );
    for (const tab of tabs) {
      const ids = await tab.executionIds();
      expect(ids).toHaveLength(tabCount * 200);
      expect(new Set(ids).size).toBe(tabCount * 200);
      expect(await tab.verified()).toBe(true);
      await expect(tab.count('Receipts')).toHaveText(String(tabCount * 200));
      await expect(tab.page.getByRole('alert')).toHaveCount(0);
    }
  });
}
