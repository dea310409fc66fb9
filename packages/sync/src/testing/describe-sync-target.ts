/** Tests an implementation of {@link SyncTarget} against everything the contract promises. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { chainAfter, START } from '../contract/chain.ts';
import type { ChainPosition, PushedBatch, PushedChange, SyncTarget } from '../contract/sync-target.ts';

/** Vitest, or a test framework with the same functions. */
export interface TargetFramework {
  describe(name: string, body: () => void): void;
  it(title: string, body: () => Promise<void>): void;
  expect(value: unknown): { toEqual(expected: unknown): void; toMatchObject(expected: object): void };
}

/** Opens connections to one target, which is empty at first. */
export interface TargetHarness {
  open(): Promise<SyncTarget>;
  end(): Promise<void>;
}

const ONE = 'one';
const OTHER = 'other';

/** Makes a hash of its own for each word. */
function leafOf(word: string): string {
  return chainAfter(START.chain, bytesToHex(new TextEncoder().encode(word)));
}

function saved(id: string, overrides: Partial<PushedChange> = {}): PushedChange {
  return {
    kind: 'saved',
    table: 'receipts',
    id,
    content: JSON.stringify({ receiptId: id }),
    parent: null,
    leaves: [],
    redactedLeaves: [],
    reason: null,
    ...overrides,
  };
}

function removal(
  kind: 'deleted' | 'redacted',
  id: string,
  overrides: Partial<PushedChange> = {},
): PushedChange {
  return saved(id, { kind, content: null, reason: 'asked for', ...overrides });
}

/** Makes a batch, and says where it ends. */
function batchOf(
  origin: string,
  after: ChainPosition,
  words: readonly string[],
  changes: readonly (PushedChange | null)[] = words.map((word) => saved(word)),
): { readonly batch: PushedBatch; readonly end: ChainPosition } {
  const entries = words.map((word, index) => ({
    seq: after.seq + index + 1,
    leaf: leafOf(word),
    change: changes[index] ?? null,
  }));
  const chain = entries.reduce((before, { leaf }) => chainAfter(before, leaf), after.chain);
  return { batch: { origin, after, entries }, end: { seq: after.seq + words.length, chain } };
}

async function idsFor(target: SyncTarget, origin: string): Promise<string[]> {
  const { changes } = await target.pull({ origin, after: 0, pushId: null, limit: 500 });
  return changes.map(({ kind, id }) => (kind === 'saved' ? id : `${kind} ${id}`));
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

/** Runs the suite. @param makeHarness - called once per case */
export function describeSyncTarget(
  name: string,
  makeHarness: () => Promise<TargetHarness>,
  { describe, it, expect }: TargetFramework,
): void {
  const test = (title: string, body: (target: SyncTarget, harness: TargetHarness) => Promise<void>): void => {
    it(title, async () => {
      const harness = await makeHarness();
      const target = await harness.open();
      try {
        await body(target, harness);
      } finally {
        await target.close();
        await harness.end();
      }
    });
  };

  describe(`sync target: ${name}`, () => {
    test('keeps its id and its entries when it is opened again', async (target, harness) => {
      const { batch, end } = batchOf(ONE, START, ['a', 'b']);
      expect(await target.cursor(ONE)).toEqual(START);
      expect(await target.push(batch)).toEqual(end);
      const again = await harness.open();
      expect(await again.id()).toEqual(await target.id());
      expect(await again.cursor(ONE)).toEqual(end);
      expect(await idsFor(again, OTHER)).toEqual(['a', 'b']);
      expect(await idsFor(again, ONE)).toEqual([]);
      await again.close();
    });

    test('takes a batch that comes again, or late, once', async (target) => {
      const first = batchOf(ONE, START, ['a', 'b']);
      const second = batchOf(ONE, first.end, ['c']);
      for (const { batch } of [first, first, second, first, second]) await target.push(batch);
      expect(await target.cursor(ONE)).toEqual(second.end);
      expect(await idsFor(target, OTHER)).toEqual(['a', 'b', 'c']);
    });

    test('stores the rest of a batch whose beginning it has', async (target) => {
      await target.push(batchOf(ONE, START, ['a', 'b']).batch);
      const all = batchOf(ONE, START, ['a', 'b', 'c', 'd']);
      expect(await target.push(all.batch)).toEqual(all.end);
      expect(await idsFor(target, OTHER)).toEqual(['a', 'b', 'c', 'd']);
    });

    test('refuses a batch before which entries are missing', async (target) => {
      const first = batchOf(ONE, START, ['a']);
      const second = batchOf(ONE, first.end, ['b']);
      expect(await codeOf(target.push(second.batch))).toEqual('SYNC_GAP');
      expect(await target.cursor(ONE)).toEqual(START);
      expect(await idsFor(target, OTHER)).toEqual([]);
    });

    test('refuses other entries under the same numbers, and stores none of them', async (target) => {
      const first = batchOf(ONE, START, ['a', 'b']);
      await target.push(first.batch);
      const copies = [
        batchOf(ONE, START, ['a', 'x', 'y']),
        batchOf(ONE, batchOf(ONE, START, ['a', 'x']).end, ['y']),
        batchOf(ONE, batchOf(ONE, START, ['x']).end, ['b', 'c']),
      ];
      for (const { batch } of copies) expect(await codeOf(target.push(batch))).toEqual('FORKED');
      expect(await target.cursor(ONE)).toEqual(first.end);
      expect(await idsFor(target, OTHER)).toEqual(['a', 'b']);
    });

    test('refuses what is no batch', async (target) => {
      const { batch } = batchOf(ONE, START, ['a', 'b']);
      const [entry, last] = batch.entries;
      const wrong = [
        { ...batch, entries: [last, entry] },
        { ...batch, entries: [entry, { ...last, seq: 3 }] },
        { ...batch, entries: [{ ...entry, seq: 0.5 }] },
        { ...batch, entries: [{ ...entry, leaf: 'zz' }] },
        { ...batch, entries: [{ ...entry, change: saved('a', { content: null }) }] },
        { ...batch, entries: [{ ...entry, change: { ...saved('a'), table: 'others' } }] },
      ] as PushedBatch[];
      for (const each of wrong) expect(await codeOf(target.push(each))).toEqual('SYNC_INVALID');
      expect(await target.cursor(ONE)).toEqual(START);
    });

    test('takes a chain that begins with any number, as after a reset, and no other one then', async (target) => {
      const first = batchOf(ONE, { seq: 7, chain: START.chain }, ['a', 'b']);
      const begun = { ...first.batch, after: START };
      for (let times = 0; times < 2; times++) expect(await target.push(begun)).toEqual(first.end);
      const second = batchOf(ONE, first.end, ['c']);
      expect(await target.push(second.batch)).toEqual(second.end);
      const skipping = { ...batchOf(ONE, { seq: 10, chain: START.chain }, ['d']).batch, after: START };
      const wrong = [batchOf(ONE, START, ['x']).batch, skipping];
      for (const batch of wrong) expect(await codeOf(target.push(batch))).toEqual('FORKED');
      expect(await target.cursor(ONE)).toEqual(second.end);
      expect(await idsFor(target, OTHER)).toEqual(['a', 'b', 'c']);
    });

    test('begins again for a position that it did not give out', async (target) => {
      const first = batchOf(ONE, START, ['a', 'b']);
      await target.push(first.batch);
      const { position, pushId } = await target.pull({ origin: OTHER, after: 0, pushId: null, limit: 500 });
      await target.push(batchOf(ONE, first.end, ['c']).batch);
      const known = await target.pull({ origin: OTHER, after: position, pushId, limit: 500 });
      expect(known.changes.map(({ id }) => id)).toEqual(['c']);
      const others = [
        { after: position, pushId: 'of a target before it was restored' },
        { after: 100, pushId },
        { after: 100, pushId: null },
      ];
      for (const other of others) {
        const { changes, ...end } = await target.pull({ origin: OTHER, limit: 500, ...other });
        expect(changes.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
        expect(end).toEqual({ position: known.position, pushId: known.pushId, isLast: true });
      }
    });

    test('gives a row that two databases send out once', async (target) => {
      await target.push(batchOf(ONE, START, ['a', 'b']).batch);
      expect(await target.unknown([leafOf('a'), leafOf('c')])).toEqual([leafOf('c')]);
      await target.push(batchOf(OTHER, START, ['b', 'c', 'c']).batch);
      expect(await idsFor(target, 'third')).toEqual(['a', 'b', 'c']);
    });

    test('gives out changes in bounded batches, and goes on after a position', async (target) => {
      const words = Array.from({ length: 7 }, (_, index) => `row ${index}`);
      await target.push(batchOf(ONE, START, words).batch);
      const seen: string[] = [];
      let position = 0;
      let pushId: string | null = null;
      for (let isLast = false; !isLast;) {
        const batch = await target.pull({ origin: OTHER, after: position, pushId, limit: 3 });
        expect(batch.changes.length <= 3).toEqual(true);
        seen.push(...batch.changes.map(({ id }) => id));
        ({ position, pushId, isLast } = batch);
      }
      expect(seen).toEqual(words);
      expect(await target.pull({ origin: OTHER, after: position, pushId, limit: 3 })).toEqual({
        changes: [],
        position,
        pushId,
        isLast: true,
      });
      const large = 'x'.repeat(700_000);
      const { end } = batchOf(ONE, START, words);
      const rows = ['l1', 'l2', 'l3'];
      await target.push(
        batchOf(
          ONE,
          end,
          rows,
          rows.map((id) => saved(id, { content: JSON.stringify({ large }) })),
        ).batch,
      );
      const { changes, isLast } = await target.pull({ origin: OTHER, after: position, pushId, limit: 500 });
      expect([changes.length, isLast]).toEqual([2, false]);
    });

    test('deletes what came before, names it, and keeps what comes after', async (target) => {
      const words = ['kept', 'gone', 'deletion', 'again'];
      const changes = [saved('k'), saved('g'), removal('deleted', 'g'), saved('g')];
      await target.push(batchOf(ONE, START, words, changes).batch);
      const { changes: pulled } = await target.pull({ origin: OTHER, after: 0, pushId: null, limit: 500 });
      expect(pulled.map(({ kind, id, leaf }) => [kind, id, leaf])).toEqual([
        ['saved', 'k', leafOf('kept')],
        ['deleted', 'g', leafOf('deletion')],
        ['saved', 'g', leafOf('again')],
      ]);
      expect(pulled[1]).toMatchObject({ leaves: [leafOf('gone')], reason: 'asked for', row: null });
      // A database that has the row sends it: it does not come back.
      expect(await target.unknown([leafOf('gone')])).toEqual([]);
      await target.push(batchOf(OTHER, START, ['gone'], [saved('g')]).batch);
      expect(await idsFor(target, 'third')).toEqual(['k', 'deleted g', 'g']);
    });

    test('takes a removal that a copy of the file sends again once', async (target) => {
      const words = ['a', 'deletion'];
      const changes = [saved('g'), removal('deleted', 'g')];
      await target.push(batchOf(ONE, START, words, changes).batch);
      await target.push(batchOf(ONE, batchOf(ONE, START, words).end, ['b'], [saved('g')]).batch);
      await target.push(batchOf('copy', START, words, changes).batch);
      expect(await idsFor(target, OTHER)).toEqual(['deleted g', 'g']);
    });

    test('keeps of a redacted row what the redaction left', async (target) => {
      const left = removal('redacted', 'r', {
        content: '{"redacted":true}',
        leaves: [leafOf('a')],
        redactedLeaves: [leafOf('left')],
      });
      await target.push(batchOf(ONE, START, ['a', 'redaction'], [saved('r'), left]).batch);
      const { changes } = await target.pull({ origin: OTHER, after: 0, pushId: null, limit: 500 });
      expect(changes.map(({ kind, row, leaves }) => [kind, row, leaves])).toEqual([
        ['redacted', { redacted: true }, [leafOf('a')]],
      ]);
      expect(await target.unknown([leafOf('a'), leafOf('left')])).toEqual([]);
      const { end } = batchOf(ONE, START, ['a', 'redaction']);
      await target.push(batchOf(ONE, end, ['deletion'], [removal('deleted', 'r')]).batch);
      const after = await target.pull({ origin: OTHER, after: 0, pushId: null, limit: 500 });
      expect(after.changes.map(({ kind, row }) => [kind, row])).toEqual([
        ['redacted', null],
        ['deleted', null],
      ]);
    });

    test('keeps any text of an id, a row and a reason', async (target) => {
      const id = 'a\u0000b"\\\n😀';
      const changes = [
        saved(id, { content: JSON.stringify({ id }) }),
        removal('deleted', 'none', { reason: id }),
      ];
      await target.push(batchOf(ONE, START, ['a', 'b'], changes).batch);
      const { changes: pulled } = await target.pull({ origin: OTHER, after: 0, pushId: null, limit: 500 });
      expect(pulled.map(({ id: each, row, reason }) => [each, row, reason])).toEqual([
        [id, { id }, null],
        ['none', null, id],
      ]);
    });

    test('tells at once where it ends, and again after a push of another connection', async (target, harness) => {
      const request = { origin: 'third', after: 0, pushId: null, limit: 500 };
      const control = new AbortController();
      const positions = target.subscribe(control.signal)[Symbol.asyncIterator]();
      const told = async (): Promise<unknown> => (await positions.next()).value;
      expect(await told()).toEqual((await target.pull(request)).position);
      const other = await harness.open();
      const first = batchOf(ONE, START, ['a', 'b']);
      await other.push(first.batch);
      const { position } = await other.pull(request);
      expect(await told()).toEqual(position);
      // Nobody has to be woken for what there was before, and for entries that tell of nothing.
      await other.push(first.batch);
      await target.push(batchOf(OTHER, START, ['x'], [null]).batch);
      await target.push(batchOf(ONE, first.end, ['c']).batch);
      const last = (await other.pull(request)).position;
      expect([last === position, await told()]).toEqual([false, last]);
      // Another one begins with where it ends now.
      const later = other.subscribe(control.signal)[Symbol.asyncIterator]();
      expect((await later.next()).value).toEqual(last);
      const ends = [positions.next(), later.next()];
      control.abort();
      expect(await Promise.all(ends)).toEqual([
        { done: true, value: undefined },
        { done: true, value: undefined },
      ]);
      const closed = other.subscribe(new AbortController().signal)[Symbol.asyncIterator]();
      await closed.next();
      const end = closed.next();
      await other.close();
      expect(await end).toEqual({ done: true, value: undefined });
    });

    test('takes pushes of several connections at once, each whole', async (target, harness) => {
      const others = await Promise.all([harness.open(), harness.open()]);
      const targets = [target, ...others];
      const pushes = targets.flatMap((each, index) => {
        const first = batchOf(`origin ${index}`, START, [`a${index}`, `b${index}`]);
        const same = batchOf('same', START, ['x', 'y']);
        return [each.push(first.batch), each.push(same.batch)];
      });
      await Promise.all(pushes);
      const ids = await idsFor(target, 'third');
      expect(ids.toSorted()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'x', 'y']);
      expect((await target.cursor('same')).seq).toEqual(2);
      await Promise.all(others.map((each) => each.close()));
    });
  });
}
