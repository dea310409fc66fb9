/** Receipts to measure with. */
import type { Persistence } from '@ggen-sim/core';

export const TOKEN: string = 't'.repeat(40);

/** Saves receipts of about 400 bytes. */
export async function fill(database: Persistence, receipts: number): Promise<void> {
  for (let first = 0; first < receipts; first += 1000) {
    const batch = Array.from({ length: Math.min(1000, receipts - first) }, (_, index) => ({
      executionId: `execution ${first + index}`,
      agentId: `agent-${index % 7}`,
      agentType: 'validation',
      durationMs: index,
      receipt: { index: first + index, text: 'x'.repeat(150), list: [1, 2, 3], nested: { a: '"quoted"' } },
    }));
    await database.saveReceipts(batch);
  }
}
