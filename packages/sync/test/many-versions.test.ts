/** Removals of a memory with more versions than a statement of SQLite takes parameters. */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { START } from '../src/contract/chain.ts';
import type { PushedChange } from '../src/index.ts';
import { hubIn } from '../src/targets/file-target.ts';

const VERSIONS = 33_000;

it.each(['deleted', 'redacted'] as const)('a memory of many versions is %s in the target', async (kind) => {
  const durable = await openDatabase(memoryStorage());
  const target = hubIn(durable);
  await target.id();
  // Versions that others have pushed.
  durable.database.run(`
    INSERT INTO ggen_changes (tenant, position, change_key, origin, seq, kind, table_name, record_id, leaf, content)
      WITH RECURSIVE version(number) AS (VALUES (1) UNION ALL SELECT number + 1 FROM version WHERE number < ${VERSIONS})
      SELECT 'default', number, printf('%064x', number), 'other', number, 'saved', 'agent_memory', 'agent', printf('%064x', number), '{}'
      FROM version`);
  durable.database.run(`UPDATE ggen_hub SET position = ${VERSIONS}`);
  const hashes = (first: number): string[] =>
    Array.from({ length: VERSIONS }, (_, index) => (first + index).toString(16).padStart(64, '0'));
  const change: PushedChange = {
    kind,
    table: 'agent_memory',
    id: 'agent',
    content: null,
    parent: null,
    leaves: kind === 'redacted' ? hashes(1) : [],
    redactedLeaves: kind === 'redacted' ? hashes(1_000_001).slice(0, 3000) : [],
    reason: 'asked for',
  };
  const entries = [{ seq: 1, leaf: 'f'.repeat(64), change }];
  await target.push({ origin: 'one', after: START, entries });
  const { changes } = await target.pull({ origin: 'third', after: 0, pushId: null, limit: 500 });
  expect(changes.map((each) => [each.kind, each.leaves.length])).toEqual([[kind, VERSIONS]]);
  await target.close();
});
