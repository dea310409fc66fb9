/** Measures how long a save takes to be seen in another database, and each of them has a pause before. */
import type { Persistence } from '@ggen-sim/core';

const PAUSE_MS = 600;

/** Times from before a save until its row was read elsewhere, in milliseconds. */
export interface Latency {
  readonly saves: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly greatestMs: number;
}

export async function measureLatency(from: Persistence, to: Persistence, saves: number): Promise<Latency> {
  const run = crypto.randomUUID();
  const times: number[] = [];
  for (let number = 0; number < saves; number++) {
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS);
    });
    const startedAt = performance.now();
    const seen = seenIn(to, `${run} ${number}`);
    await from.saveReceipt({
      executionId: `${run} ${number}`,
      agentId: 'a',
      agentType: 't',
      receipt: { number },
    });
    await seen;
    times.push(performance.now() - startedAt);
  }
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number => Math.round((sorted[Math.ceil(saves * share) - 1] ?? 0) * 10) / 10;
  return { saves, medianMs: at(0.5), p95Ms: at(0.95), greatestMs: at(1) };
}

async function seenIn(database: Persistence, executionId: string): Promise<void> {
  let unsubscribe: () => void = () => undefined;
  await new Promise<void>((resolve, reject) => {
    const look = async (): Promise<void> => {
      const rows = await database.queryReceipts({ limit: 1000 });
      if (rows.some((row) => row.executionId === executionId)) resolve();
    };
    unsubscribe = database.subscribe(() => void look().catch(reject));
  });
  unsubscribe();
}
