/**
 * The commit log against a model: three contexts commit, fail, take checkpoint steps and load, in any order, on one
 * store. The numbers are the rules of `indexeddb.browser.ts`.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CHECKPOINT_POLICY, type CheckpointPolicy } from '../../src/storages/indexeddb/checkpoint.ts';
import { ResultCode } from '../../src/result-codes.ts';
import { EXTENT_SIZE_BYTES } from '../../src/storages/indexeddb/extents.ts';
import { BLOCK_SIZE_BYTES } from '../../src/storages/indexeddb/block.ts';
import { type Change, type Context, Contexts } from './commit-log-contexts.ts';
import type { StoreFault } from './memory-commit-store.ts';

const LARGEST_BYTES: number = 3 * EXTENT_SIZE_BYTES;
/** No step is taken by itself: the test takes them. */
const NO_STEPS: CheckpointPolicy = {
  ...CHECKPOINT_POLICY,
  softLimitMinBytes: Infinity,
  hardLimitMinBytes: Infinity,
  changedLimitBytes: Infinity,
  idleMs: 2 ** 30,
};
/** While a context's checkpoints fail, 100 KB of commits are the hard limit, and 300 KB the one for writing. */
const SMALL_LIMITS: CheckpointPolicy = { ...NO_STEPS, softLimitMinBytes: 0, hardLimitMinBytes: 100_000 };
/** Three steps follow every commit, more or less. */
const EAGER_STEPS: CheckpointPolicy = {
  ...CHECKPOINT_POLICY,
  softLimitShare: 0,
  softLimitMinBytes: 1,
  hardLimitMinBytes: 1,
  blockingLimitFactor: 3000,
};

type Step =
  | { readonly verb: 'commit'; readonly who: number; readonly change: Change; readonly large: boolean }
  | { readonly verb: 'commit at once'; readonly changes: readonly Change[] }
  | { readonly verb: 'checkpoint'; readonly who: number; readonly steps: number; readonly refreshes: boolean }
  | { readonly verb: 'inject'; readonly who: number; readonly fault: StoreFault }
  | { readonly verb: 'read'; readonly who: number; readonly transaction: 'read' | 'write' }
  | { readonly verb: 'reopen' | 'lose handles' | 'change key'; readonly who: number };

const position = fc.oneof(
  fc
    .tuple(fc.nat(3), fc.integer({ min: -2, max: 2 }))
    .map(([extents, blocks]) => Math.max(0, extents * EXTENT_SIZE_BYTES + blocks * BLOCK_SIZE_BYTES)),
  fc.nat(LARGEST_BYTES),
);
const who = fc.nat(2);
const seldom = fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0);

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    offset: position,
    sizeBytes: fc.integer({ min: 1, max: 3 * BLOCK_SIZE_BYTES }),
    amount: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant('truncate' as const), sizeBytes: position }),
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ verb: fc.constant('commit' as const), who, change: anyChange, large: seldom }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constant('commit at once' as const),
      changes: fc.array(anyChange, { minLength: 2, maxLength: 6 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constant('checkpoint' as const),
      who,
      steps: fc.integer({ min: 1, max: 6 }),
      refreshes: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constant('inject' as const),
      who,
      fault: fc.constantFrom<StoreFault>('fails', 'loses the answer', 'loses the answer and the connection'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('read' as const),
      who,
      transaction: fc.constantFrom<'read' | 'write'>('read', 'write'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ verb: fc.constantFrom('reopen' as const, 'lose handles' as const), who }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('change key' as const), who }) },
);

async function take(contexts: Contexts, step: Step): Promise<void> {
  if (step.verb === 'commit at once') {
    contexts.policy.largeCommitBytes = Infinity;
    await Promise.all(step.changes.map((change, index) => contexts.at(index % 3).commit(change)));
    return;
  }
  const context = contexts.at(step.who);
  if (step.verb === 'commit') {
    contexts.policy.largeCommitBytes = step.large ? 0 : Infinity;
    contexts.policy.largeCommitSpread = Infinity;
    await context.commit(step.change);
  } else if (step.verb === 'checkpoint') {
    if (step.refreshes) await context.reads(contexts.model.bytes);
    await context.stepThroughCheckpoint(step.steps);
  } else if (step.verb === 'lose handles') context.store.invalidateHandles();
  else if (step.verb === 'inject') context.injectFault(step.fault);
  else if (step.verb === 'change key') await contexts.changeKey(context);
  else if (step.verb === 'read')
    assert(await context.reads(contexts.model.bytes, step.transaction), 'a read of an old state');
  else {
    context.log.close();
    contexts.all[step.who] = contexts.open(step.who);
  }
}

it.each([
  { policy: NO_STEPS, locks: true, when: 'when the test says' },
  { policy: NO_STEPS, locks: false, when: 'when the test says, without locks' },
  { policy: EAGER_STEPS, locks: true, when: 'after every commit' },
  { policy: EAGER_STEPS, locks: false, when: 'after every commit, without locks' },
  { policy: NO_STEPS, locks: false, when: 'when the test says, encrypted', runs: 3 },
  { policy: EAGER_STEPS, locks: false, when: 'after every commit, encrypted', runs: 3 },
])(
  'indexeddb 1, 2, 3, 4, 6: three contexts lose nothing and repeat nothing; checkpoint steps $when',
  async ({ policy, locks, when, runs = 20 }) => {
    const encrypted = when.endsWith('encrypted');
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30, size: 'max' }), async (steps) => {
        const contexts = new Contexts({ policy, locks, encrypted });
        for (const step of steps) await take(contexts, step);
        expect(await contexts.findFault()).toBeUndefined();
        // Once every commit is checkpointed, the extents alone are the file.
        await contexts.at(0).stepThroughCheckpoint(10);
        expect(await contexts.findFault()).toBeUndefined();
        contexts.close();
      }),
      { numRuns: runs, seed: 20_260_101 },
    );
  },
);

const add = (offset: number, sizeBytes: number): Change => ({ kind: 'add', offset, sizeBytes, amount: 1 });

it('indexeddb 6: a checkpoint that could not begin before the file grew again leaves no bytes that were cut off', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const [first, later] = [contexts.at(0), contexts.at(1)];
  await first.commit(add(0, 3 * EXTENT_SIZE_BYTES));
  await first.stepThroughCheckpoint(4);
  expect(contexts.database.state.meta?.checkpointedVersion).toBe(1);
  await first.commit({ kind: 'truncate', sizeBytes: 10 });
  await later.reads(contexts.model.bytes);
  later.injectFault('fails');
  await later.stepThroughCheckpoint(1);
  await later.commit(add(2 * EXTENT_SIZE_BYTES + 100, 1));
  await later.stepThroughCheckpoint(2);
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a context that loads the file after it shrank also checkpoints the extents that were cut', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const first = contexts.at(0);
  await first.commit(add(0, 3 * EXTENT_SIZE_BYTES));
  await first.stepThroughCheckpoint(4);
  await first.commit({ kind: 'truncate', sizeBytes: BLOCK_SIZE_BYTES });
  const later = contexts.at(1);
  await later.reads(contexts.model.bytes);
  await later.stepThroughCheckpoint(4);
  expect(contexts.database.state.meta?.checkpointedVersion).toBe(2);
  await first.commit(add(2 * EXTENT_SIZE_BYTES, 1));
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 3: a commit of another context in the place of one that failed is not taken for it', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: false });
  await contexts.at(0).commit(add(0, 1));
  await contexts.at(1).reads(contexts.model.bytes);
  contexts.at(0).injectFault('fails');
  await Promise.all([contexts.at(0).commit(add(0, 1)), contexts.at(1).commit(add(1, 1))]);
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a large commit also writes the extents that a checkpoint in progress had still to write', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const context = contexts.at(0);
  contexts.policy.largeCommitBytes = Infinity;
  await context.commit(add(0, 4 * EXTENT_SIZE_BYTES));
  await context.stepThroughCheckpoint(1);
  contexts.policy.largeCommitBytes = 0;
  contexts.policy.largeCommitSpread = Infinity;
  await context.commit(add(0, 1));
  expect(contexts.database.state.parts).toEqual([]);
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a connection that is idle finishes a checkpoint by itself', async () => {
  const contexts = new Contexts({ policy: { ...NO_STEPS, softLimitMinBytes: 1, idleMs: 1 }, locks: true });
  await contexts.at(0).commit(add(0, 3 * EXTENT_SIZE_BYTES));
  await expect.poll(() => contexts.database.state.meta?.checkpointedVersion, { timeout: 30_000 }).toBe(1);
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a checkpoint is also due when a large file has a few MiB of commits', async () => {
  const policy = { ...NO_STEPS, softLimitMinBytes: 0, softLimitShare: 10, softLimitMaxBytes: 1, idleMs: 1 };
  const contexts = new Contexts({ policy, locks: true });
  await contexts.at(0).commit(add(0, 3 * EXTENT_SIZE_BYTES));
  await expect.poll(() => contexts.database.state.meta?.checkpointedVersion, { timeout: 30_000 }).toBe(1);
  contexts.close();
});

it('indexeddb 6: a checkpoint frees the blocks that small records have changed', async () => {
  const blocks = 64;
  const policy = { ...NO_STEPS, changedLimitBytes: blocks * BLOCK_SIZE_BYTES };
  const contexts = new Contexts({ policy, locks: true });
  const context = contexts.at(0);
  await context.commit(add(0, 3 * EXTENT_SIZE_BYTES));
  for (let block = 0; block < 4 * blocks; block++) {
    await context.commit(add(block * 3 * BLOCK_SIZE_BYTES, 1));
    expect(context.log.mirror.changedBytes).toBeLessThanOrEqual(1.5 * policy.changedLimitBytes);
  }
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a checkpoint fetches handles again that cannot be read any more', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const [context, other] = [contexts.at(0), contexts.at(1)];
  await context.commit(add(0, 3 * EXTENT_SIZE_BYTES));
  await context.stepThroughCheckpoint(4);
  await context.commit(add(10, 1));
  await other.commit(add(20, 1));
  await context.reads(contexts.model.bytes);
  context.store.invalidateHandles();
  await context.stepThroughCheckpoint(2);
  expect(contexts.database.state.meta?.checkpointedVersion).toBe(3);
  expect(context.log.checkpointStatus).toMatchObject({ waitingBytes: 0, failure: undefined });
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 3, 5: a large commit is stored although the handles that it composes extents of are dead', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const context = contexts.at(0);
  contexts.policy.largeCommitBytes = 0;
  contexts.policy.largeCommitSpread = Infinity;
  await context.commit(add(0, 2 * EXTENT_SIZE_BYTES));
  await context.reads(contexts.model.bytes);
  context.store.invalidateHandles();
  // The block is in the cache, so only what is composed around it cannot be read. SQLite may read nothing at the rollback.
  const { mirror } = context.log;
  const write = (): void => mirror.write(new Uint8Array([7]), 2 * EXTENT_SIZE_BYTES - 1);
  await context.log.writeTransaction(write, () => undefined);
  const { bytes } = contexts.database.state.extents.get(1) ?? {};
  expect(bytes?.at(-1)).toBe(7);
  contexts.close();
});

it('indexeddb 6: while checkpoints fail this is reported, too much is refused, and reads go on', async () => {
  const contexts = new Contexts({ policy: SMALL_LIMITS, locks: true });
  const context = contexts.at(0);
  context.store.refusesExtents = true;
  const failures: unknown[] = [];
  for (let commit = 0; commit < 10; commit++) failures.push(await context.commit(add(commit, 50_000)));
  const stored = failures.filter((failure) => failure === undefined);
  expect(stored).toHaveLength(6);
  expect(failures.slice(6)).toEqual(
    Array.from({ length: 4 }, () => expect.objectContaining({ resultCode: ResultCode.IOERR }) as object),
  );
  expect(String(failures.at(-1))).toContain('too many changes wait for a checkpoint');
  expect(context.log.checkpointStatus.failure).toMatchObject({ resultCode: ResultCode.IOERR });
  expect(await context.reads(contexts.model.bytes)).toBe(true);
  context.store.refusesExtents = false;
  expect(await context.commit(add(0, 1))).toBeUndefined();
  await context.stepThroughCheckpoint(4);
  expect(context.log.checkpointStatus.failure).toBeUndefined();
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

/** Commits until writing is refused because no extents can be stored. */
async function commitUntilRefused(context: Context): Promise<void> {
  context.store.refusesExtents = true;
  for (let commit = 0; commit < 6; commit++)
    expect(await context.commit(add(commit, 50_000))).toBeUndefined();
  expect(String(await context.commit(add(0, 1)))).toContain('too many changes wait for a checkpoint');
}

it('indexeddb 6: a context that only writes writes again once another has checkpointed everything', async () => {
  const contexts = new Contexts({ policy: SMALL_LIMITS, locks: true });
  const [context, other] = [contexts.at(0), contexts.at(1)];
  await commitUntilRefused(context);
  await other.commit(add(0, 1));
  await other.stepThroughCheckpoint(4);
  expect(contexts.database.state.meta?.uncheckpointedBytes).toBe(0);
  // Its own extents still fail, but nothing waits.
  expect(await context.commit(add(0, 1))).toBeUndefined();
  expect(await context.commit(add(1, 1))).toBeUndefined();
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a refused write looks again when another context comes before its checkpoint step', async () => {
  const contexts = new Contexts({ policy: SMALL_LIMITS, locks: false });
  const [context, other] = [contexts.at(0), contexts.at(1)];
  await commitUntilRefused(context);
  context.store.beforeNextWrite = async () => {
    await other.commit(add(0, 1));
    await other.stepThroughCheckpoint(4);
  };
  expect(await context.commit(add(0, 1))).toBeUndefined();
  expect(context.store.beforeNextWrite).toBeUndefined();
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a write stays refused when another context only commits before its checkpoint step', async () => {
  const contexts = new Contexts({ policy: SMALL_LIMITS, locks: false });
  const [context, other] = [contexts.at(0), contexts.at(1)];
  await commitUntilRefused(context);
  other.store.refusesExtents = true;
  context.store.beforeNextWrite = async () => void (await other.commit(add(0, 1)));
  // A write that changes nothing has no version check of its own.
  const write = context.log.writeTransaction(
    () => undefined,
    () => undefined,
  );
  await expect(write).rejects.toThrow('too many changes wait for a checkpoint');
  expect(contexts.database.state.meta?.version).toBe(7);
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it.each([
  ['a read', (context: Context, contexts: Contexts) => context.reads(contexts.model.bytes)],
  ['a commit', (context: Context) => context.commit(add(0, 1))],
])(
  'indexeddb 6: a failure is no longer reported after %s that finds the checkpoint of another context',
  async (_, find) => {
    const contexts = new Contexts({ policy: NO_STEPS, locks: true });
    const [context, other] = [contexts.at(0), contexts.at(1)];
    await context.commit(add(0, EXTENT_SIZE_BYTES));
    context.store.refusesExtents = true;
    await context.stepThroughCheckpoint(1);
    // Fetching the extents again is no checkpoint.
    context.log.mirror.distrustStored(new Error('the handles may be out of date'));
    await context.reads(contexts.model.bytes);
    expect(context.log.checkpointStatus.failure).toMatchObject({ resultCode: ResultCode.IOERR });
    await other.reads(contexts.model.bytes);
    await other.stepThroughCheckpoint(3);
    expect(contexts.database.state.meta?.checkpointedVersion).toBe(1);
    await find(context, contexts);
    expect(context.log.checkpointStatus.failure).toBeUndefined();
    await context.commit(add(0, 1));
    await context.stepThroughCheckpoint(1);
    expect(context.log.checkpointStatus.failure).toMatchObject({ resultCode: ResultCode.IOERR });
    contexts.close();
  },
);

it('indexeddb 6: a large commit that leaves nothing to checkpoint ends the report of a failure', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const context = contexts.at(0);
  await context.commit(add(0, EXTENT_SIZE_BYTES / 2));
  context.store.refusesExtents = true;
  await context.stepThroughCheckpoint(1);
  expect(context.log.checkpointStatus.failure).toMatchObject({ resultCode: ResultCode.IOERR });
  context.store.refusesExtents = false;
  contexts.policy.largeCommitBytes = 0;
  contexts.policy.largeCommitSpread = Infinity;
  await context.commit(add(0, 1));
  expect(context.log.checkpointStatus).toEqual({ waitingBytes: 0, failure: undefined });
  contexts.close();
});

it('indexeddb 6: a failure to fetch what steps have stored is reported until it is fetched', async () => {
  const policy = { ...NO_STEPS, changedLimitBytes: 4 * BLOCK_SIZE_BYTES };
  const contexts = new Contexts({ policy, locks: true });
  const context = contexts.at(0);
  // No refresh comes between, so only the steps after the commit read.
  await context.reads(contexts.model.bytes);
  context.store.refusesReads = true;
  await context.commit(add(0, 8 * BLOCK_SIZE_BYTES));
  for (let commit = 0; commit < 2; commit++) await context.commit(add(commit, 1));
  // A read that fails comes after the steps of the last commit.
  await expect(context.log.readTransaction(() => undefined)).rejects.toThrow('the read fails');
  expect(contexts.database.state.meta?.checkpointedVersion).toBeGreaterThan(0);
  expect(context.log.checkpointStatus.failure).toMatchObject({ resultCode: ResultCode.IOERR });
  context.store.refusesReads = false;
  expect(await context.reads(contexts.model.bytes)).toBe(true);
  expect(context.log.checkpointStatus.failure).toBeUndefined();
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 6: a context with the file in memory does not load what another only stored again', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const [writer, inMemory] = [contexts.at(0), contexts.at(2)];
  await writer.commit(add(0, 3 * EXTENT_SIZE_BYTES));
  await inMemory.reads(contexts.model.bytes);
  await writer.stepThroughCheckpoint(3);
  expect(contexts.database.state.meta?.checkpointedVersion).toBe(1);
  expect(await inMemory.reads(contexts.model.bytes)).toBe(true);
  expect(inMemory.store.loadedExtents).toBe(0);
  expect(inMemory.log.mirror.changedBytes).toBe(0);
  // It has missed the commit, so it loads the one extent that this has changed.
  await writer.commit(add(EXTENT_SIZE_BYTES, 1));
  await writer.stepThroughCheckpoint(2);
  expect(contexts.database.state.meta?.checkpointedVersion).toBe(2);
  expect(await inMemory.reads(contexts.model.bytes)).toBe(true);
  expect(inMemory.store.loadedExtents).toBe(1);
  await inMemory.commit(add(2 * EXTENT_SIZE_BYTES, 1));
  await inMemory.stepThroughCheckpoint(4);
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});

it('indexeddb 3: a large commit whose answer was lost is found', async () => {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true });
  const [context, other] = [contexts.at(0), contexts.at(1)];
  contexts.policy.largeCommitBytes = 0;
  contexts.policy.largeCommitSpread = Infinity;
  await context.reads(contexts.model.bytes);
  context.injectFault('loses the answer');
  expect(await context.commit(add(0, EXTENT_SIZE_BYTES))).toBeUndefined();
  // One that is not stored is not taken for the latest.
  contexts.policy.largeCommitBytes = Infinity;
  other.injectFault('fails');
  expect(await other.commit(add(0, 1))).toMatchObject({ resultCode: ResultCode.IOERR });
  expect(await contexts.findFault()).toBeUndefined();
  contexts.close();
});
