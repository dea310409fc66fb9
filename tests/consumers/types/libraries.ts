// Entries that need a library of others.
import type { Persistence } from '@ggen-sim/core';
import type { Tables } from '@ggen-sim/core/kysely';
import { useLiveQuery } from '@ggen-sim/core/react';
import { liveQuery } from '@ggen-sim/core/svelte';
import type { DurableDatabase } from '@ggen-sim/sqljs-vfs';
import { DurableDialect } from '@ggen-sim/sqljs-vfs/kysely';
import { Kysely } from 'kysely';

export async function byKysely(durable: DurableDatabase): Promise<number | null | undefined> {
  const db = new Kysely<Tables>({ dialect: new DurableDialect(durable) });
  const row = await db.selectFrom('receipts').select(['agent_id', 'duration_ms']).executeTakeFirst();
  return row?.duration_ms;
}

export function useLatest(db: Persistence): readonly string[] {
  const { value = [] } = useLiveQuery(db, () => db.queryReceipts({ limit: 10 }), ['receipts']);
  return value.map(({ executionId }) => executionId);
}

export const latest = (db: Persistence): (() => void) =>
  liveQuery(db, () => db.stats(), ['receipts']).subscribe(({ value }) => value?.receiptsTotal);
