/** Databases that synchronise in the background, and only when something wakes them. */
import { openPersistence, type Persistence, type SyncedPersistence } from '@ggen-sim/core';
import { expect, onTestFinished, vi } from 'vitest';
import { backgroundSync, type BackgroundSync } from '../src/index.ts';

export const TOKEN: string = 't'.repeat(40);
export const UNTIL = { timeout: 300_000, interval: 20 };
export const HOUR_MS = 3_600_000;

export type Machine = SyncedPersistence<BackgroundSync>;

/** Opens a database that has synchronised once, and looks at its target by itself in an hour alone. */
export async function machine(
  url: string,
  options: Parameters<typeof backgroundSync>[1] = {},
): Promise<Machine> {
  const sync = backgroundSync(url, { token: TOKEN, intervalMs: HOUR_MS, closeTimeoutMs: 100, ...options });
  const database = await openPersistence({ storage: 'memory', sync });
  onTestFinished(() => database.close());
  await vi.waitFor(async () => expect((await database.sync.status()).lastSuccess).not.toBeNull(), UNTIL);
  return database;
}

export async function save(database: Persistence, executionId: string): Promise<void> {
  await database.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: {} });
}

/** Makes a function that reads what has come to a database, in an order of its own. */
export function executionsIn(database: Persistence): () => Promise<string[]> {
  return async () => (await database.queryReceipts()).map(({ executionId }) => executionId).toSorted();
}
