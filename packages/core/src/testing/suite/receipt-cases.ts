import type { NewReceipt } from '../../api/persistence.ts';
import { type PersistenceCase, collect, receiptOf, upTo } from '../persistence-case.ts';

export const receiptCases: readonly PersistenceCase[] = [
  {
    title: 'receipt: is saved with default values and read back byte for byte',
    needs: 'clock',
    async run({ open, expect }) {
      const db = await open();
      const receipt = '{ "b": 1,\t"a": 9007199254740993, "a": 1.10 }\n';
      const { receiptId, created } = await db.saveReceipt(receiptOf('exec-1', { receipt }));
      expect(created).toBe(true);
      expect(receiptId).toMatch(/^[0-9a-f]{64}$/);
      expect(await db.getReceipt(receiptId)).toBe(receipt);
      expect(await db.queryReceipts()).toEqual([
        {
          receiptId,
          executionId: 'exec-1',
          agentId: 'validator-1',
          agentType: 'validation',
          receiptJson: receipt,
          status: 'success',
          createdAt: '2026-01-29 18:00:00',
          updatedAt: '2026-01-29 18:00:00',
          durationMs: 0,
        },
      ]);
    },
  },
  {
    title: 'receipt: a value is serialised canonically (RFC 8785)',
    async run({ open, expect }) {
      const db = await open();
      const { receiptId } = await db.saveReceipt(
        receiptOf('e', { receipt: { b: [1, 2.5, 'ü'], a: { z: null, y: true } } }),
      );
      expect(await db.getReceipt(receiptId)).toBe('{"a":{"y":true,"z":null},"b":[1,2.5,"ü"]}');
    },
  },
  {
    title: 'receipt: the same receipt has the same id everywhere, a different one has another',
    async run({ open, expect }) {
      const db = await open();
      const { receiptId } = await db.saveReceipt(
        receiptOf('exec-1', { durationMs: 1234, status: 'partial' }),
      );
      // Computed from these values by another program. It must never change.
      expect(receiptId).toBe('ef46b791b593231661468c5687b82bb460c1bf8bc80b608649ecb8def282111b');
      const ids = new Set([receiptId]);
      await db.reset();
      const same: NewReceipt = receiptOf('exec-1', { durationMs: 1234, status: 'partial' });
      ids.add((await db.saveReceipt(same)).receiptId);
      expect(ids.size).toBe(1);
      const changes: Partial<NewReceipt>[] = [
        { executionId: 'exec-2' },
        { agentId: 'other' },
        { agentType: 'other' },
        { receipt: '{"ok": true}' },
        { status: 'error' },
        { durationMs: 1235 },
      ];
      for (const change of changes) {
        await db.reset();
        ids.add((await db.saveReceipt({ ...same, ...change })).receiptId);
      }
      expect(ids.size).toBe(1 + changes.length);
    },
  },
  {
    title: 'receipt: refuses a used execution id; ifAbsent accepts the identical receipt only',
    async run({ open, refused, expect }) {
      const db = await open();
      const first = await db.saveReceipt(receiptOf('exec-1'));
      await refused(db.saveReceipt(receiptOf('exec-1')), 'DUPLICATE_EXECUTION', /"exec-1"/);
      await refused(db.saveReceipt(receiptOf('exec-1', { status: 'error' })), 'DUPLICATE_EXECUTION');
      expect(await db.saveReceipt(receiptOf('exec-1', { ifAbsent: true }))).toEqual({
        receiptId: first.receiptId,
        created: false,
      });
      await refused(
        db.saveReceipt(receiptOf('exec-1', { ifAbsent: true, receipt: '{}' })),
        'DUPLICATE_EXECUTION',
      );
      expect((await db.saveReceipt(receiptOf('exec-2', { ifAbsent: true }))).created).toBe(true);
      expect((await db.stats()).receiptsTotal).toBe(2);
    },
  },
  {
    title: 'receipt: many are saved together or not at all',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('taken'));
      await refused(
        db.saveReceipts([receiptOf('a'), receiptOf('taken'), receiptOf('b')]),
        'DUPLICATE_EXECUTION',
      );
      const twice = await refused(
        db.saveReceipts([receiptOf('a'), receiptOf('taken')]),
        'DUPLICATE_EXECUTION',
      );
      expect(twice.operation).toBe('saveReceipts');
      await refused(db.saveReceipts([receiptOf('a'), receiptOf('b', { receipt: '{' })]), 'INVALID_JSON');
      await refused(db.saveReceipts([receiptOf('a'), receiptOf('a')]), 'DUPLICATE_EXECUTION');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['taken']);
      const saved = await db.saveReceipts([receiptOf('a'), receiptOf('b')]);
      expect(saved.map(({ created }) => created)).toEqual([true, true]);
      expect(await db.saveReceipts([])).toEqual([]);
      expect((await db.stats()).receiptsTotal).toBe(3);
    },
  },
  {
    title: 'receipt: by default a query returns 100 rows, newest first, ties by rowid',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.saveReceipts(upTo(60).map((index) => receiptOf(`first-${index}`)));
      clock.forwardSeconds(1);
      await db.saveReceipts(upTo(60).map((index) => receiptOf(`second-${index}`)));
      const expected = ['second', 'first'].flatMap((name) =>
        upTo(60).map((index) => `${name}-${59 - index}`),
      );
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(
        expected.slice(0, 100),
      );
      expect((await db.queryReceipts({ limit: 1000 })).map(({ executionId }) => executionId)).toEqual(
        expected,
      );
      expect((await db.queryReceipts({ limit: 3 })).map(({ executionId }) => executionId)).toEqual(
        expected.slice(0, 3),
      );
      expect(await db.queryReceipts({ limit: 0 })).toEqual([]);
    },
  },
  {
    title: 'receipt: oldest-first is newest-first reversed, in batches and with a limit',
    needs: 'clock',
    async run({ open, refused, clock, expect }) {
      const db = await open();
      // Batches end within a second, at its end and after it.
      for (const count of [400, 700, 600]) {
        await db.saveReceipts(
          upTo(count).map((index) => receiptOf(`${count}-${index}`, { agentId: `agent-${index % 3}` })),
        );
        clock.forwardSeconds(1);
      }
      const order = 'oldest-first';
      const newestFirst = await db.queryReceipts({ limit: 2000 });
      const oldestFirst = await db.queryReceipts({ limit: 2000, order });
      expect(oldestFirst.length).toBe(1700);
      expect(oldestFirst.slice(0, 2).map(({ executionId }) => executionId)).toEqual(['400-0', '400-1']);
      expect(oldestFirst).toEqual(newestFirst.toReversed());
      expect(await db.queryReceipts({ limit: 2000, order: 'newest-first' })).toEqual(newestFirst);
      expect(await collect(db.queryReceipts({ limit: 2000, order }))).toEqual(oldestFirst);
      expect(await db.queryReceipts({ order })).toEqual(oldestFirst.slice(0, 100));
      expect(await collect(db.queryReceipts({ limit: 1234, order }))).toEqual(oldestFirst.slice(0, 1234));
      const ofOne = oldestFirst.filter(({ agentId }) => agentId === 'agent-1');
      expect(await collect(db.queryReceipts({ agent: '*-1', limit: 2000, order }))).toEqual(ofOne);
      const wrong = { order: 'oldest' as typeof order };
      await refused(db.queryReceipts(wrong), 'INVALID_ARGUMENT', /order.*newest-first, oldest-first/);
    },
  },
  {
    title: 'receipt: a pattern is SQL LIKE, and * means %',
    async run({ open, expect }) {
      const db = await open();
      const agents = ['validator-1', 'validator-2', 'generator-1', 'Validator-3', 'v%'];
      await db.saveReceipts(agents.map((agentId) => receiptOf(agentId, { agentId })));
      const found = async (agent: string): Promise<string[]> =>
        (await db.queryReceipts({ agent })).map(({ agentId }) => agentId).toSorted();
      expect(await found('%')).toEqual(agents.toSorted());
      expect(await found('*')).toEqual(agents.toSorted());
      expect(await found('validator-*')).toEqual(['Validator-3', 'validator-1', 'validator-2']);
      expect(await found('%-1')).toEqual(['generator-1', 'validator-1']);
      expect(await found('validator-_')).toEqual(['Validator-3', 'validator-1', 'validator-2']);
      expect(await found('validator-1')).toEqual(['validator-1']);
      expect(await found('nobody')).toEqual([]);
    },
  },
  {
    title: 'receipt: an unknown id is NOT_FOUND; an id is never a pattern',
    async run({ open, refused }) {
      const db = await open();
      await db.saveReceipt(receiptOf('exec-1'));
      for (const id of ['%', '*', '_'.repeat(64), 'exec-1', '0'.repeat(64)]) {
        await refused(db.getReceipt(id), 'NOT_FOUND');
      }
    },
  },
  {
    title: 'receipt: streamed rows have the order of awaited rows',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      for (const second of upTo(3)) {
        await db.saveReceipts(upTo(500).map((index) => receiptOf(`${second}-${index}`)));
        clock.forwardSeconds(1);
      }
      const awaited = await db.queryReceipts({ limit: 5000 });
      expect(awaited.length).toBe(1500);
      expect(await collect(db.queryReceipts({ limit: 5000 }))).toEqual(awaited);
      expect(await collect(db.queryReceipts({ limit: 1234 }))).toEqual(awaited.slice(0, 1234));
      expect((await collect(db.queryReceipts())).length).toBe(100);
      let consumed = 0;
      for await (const row of db.queryReceipts({ limit: 5000 })) {
        if (row.receiptJson !== '' && ++consumed === 600) break;
      }
      expect(consumed).toBe(600);
      expect((await db.stats()).receiptsTotal).toBe(1500);
    },
  },
  {
    title: 'receipt: rows added while streaming neither repeat nor hide others',
    async run({ open, expect }) {
      const db = await open();
      await db.saveReceipts(upTo(1100).map((index) => receiptOf(`old-${index}`)));
      const seen: string[] = [];
      for await (const { executionId } of db.queryReceipts({ limit: 5000 })) {
        if (seen.push(executionId) % 400 === 0) await db.saveReceipt(receiptOf(`new-${seen.length}`));
      }
      const old = seen.filter((id) => id.startsWith('old-'));
      expect(new Set(seen).size).toBe(seen.length);
      expect(old.length).toBe(1100);
    },
  },
];
