import { expect, openSimulator, test } from '../support/fixtures.ts';

const ROUNDS = 3;
const ACKNOWLEDGED_BEFORE_CRASH = 15;

test('a renderer killed in the middle of writing loses nothing that was acknowledged', async ({
  context,
}) => {
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page } = await openSimulator(context);
    let enough: () => void = () => undefined;
    const writing = new Promise<void>((resolve) => {
      enough = resolve;
    });
    await page.exposeFunction('acknowledge', (executionId: string) => {
      acknowledged.push(executionId);
      if (acknowledged.length >= (round + 1) * ACKNOWLEDGED_BEFORE_CRASH) enough();
    });
    const crashed = page.waitForEvent('crash');
    await page.evaluate((roundNumber) => {
      const { acknowledge } = globalThis as unknown as {
        acknowledge: (executionId: string) => Promise<void>;
      };
      const write = async (writer: number): Promise<void> => {
        for (let index = 0; ; index += 1) {
          const executionId = `round-${roundNumber}-writer-${writer}-${index}`;
          await globalThis.ggenSim.persistence.saveReceipt({
            executionId,
            agentId: 'crash',
            agentType: 'test',
            receipt: { executionId },
          });
          void acknowledge(executionId);
        }
      };
      for (let writer = 0; writer < 4; writer += 1) void write(writer);
    }, round);
    await writing;
    const devtools = await context.newCDPSession(page);
    // The renderer is gone before it can answer.
    void devtools.send('Page.crash').catch(() => undefined);
    await crashed;
    await page.close();

    const after = await openSimulator(context);
    const stored = new Set(await after.executionIds());
    expect(acknowledged.filter((executionId) => !stored.has(executionId))).toEqual([]);
    expect(await after.verified()).toBe(true);
    await after.page.close();
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS * ACKNOWLEDGED_BEFORE_CRASH);
});
