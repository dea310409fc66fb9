import type { Page } from '@playwright/test';

/** Receipts acknowledged to a page, from writers that never stop by themselves. */
export class AcknowledgedWrites {
  readonly executionIds: string[] = [];

  /**
   * Starts four writers in a page.
   * @param prefix - prefix of their execution ids, unique per start
   * @param enough - number of acknowledgements after which the promise resolves
   */
  async startIn(page: Page, prefix: string, enough: number): Promise<void> {
    let left = enough;
    const reached = new Promise<void>((resolve) => {
      void page
        .exposeFunction('acknowledge', (executionId: string) => {
          this.executionIds.push(executionId);
          if (--left === 0) resolve();
        })
        .then(() => page.evaluate(write, prefix));
    });
    await reached;
  }
}

/** Writes without end. Runs in the page. */
function write(prefix: string): void {
  const { acknowledge } = globalThis as unknown as { acknowledge: (executionId: string) => Promise<void> };
  const writeOn = async (writer: number): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const executionId = `${prefix}-writer-${writer}-${index}`;
      const receipt = { executionId };
      await globalThis.ggenSim.persistence.saveReceipt({
        executionId,
        agentId: 'killed',
        agentType: 'test',
        receipt,
      });
      void acknowledge(executionId);
    }
  };
  for (let writer = 0; writer < 4; writer += 1) void writeOn(writer);
}
