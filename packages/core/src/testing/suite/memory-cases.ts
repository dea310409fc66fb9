import { type PersistenceCase, collect, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

export const memoryCases: readonly PersistenceCase[] = [
  {
    title: 'memory: a save keeps the id, increments the version and replaces type and text',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      const first = await db.saveMemory(memoryOf('agent-1'));
      expect(first.version).toBe(1);
      clock.forwardSeconds(5);
      const memory = '{ "n": 12345678901234567890 }';
      const second = await db.saveMemory(memoryOf('agent-1', { agentType: 'generation', memory }));
      expect(second).toEqual({ memoryId: first.memoryId, version: 2 });
      expect(await db.getMemory('agent-1')).toBe(memory);
      expect(await db.queryMemory()).toEqual([
        {
          memoryId: first.memoryId,
          agentId: 'agent-1',
          agentType: 'generation',
          memoryJson: memory,
          lastUpdated: '2026-01-29 18:00:05',
          version: 2,
        },
      ]);
    },
  },
  {
    title: 'memory: twenty concurrent saves end at version 20',
    async run({ open, expect }) {
      const db = await open();
      const saved = await Promise.all(
        upTo(20).map((n) => db.saveMemory(memoryOf('agent-1', { memory: { n } }))),
      );
      expect(saved.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(
        upTo(20).map((n) => n + 1),
      );
      expect(new Set(saved.map(({ memoryId }) => memoryId)).size).toBe(1);
      expect((await db.queryMemory())[0]?.version).toBe(20);
    },
  },
  {
    title: 'memory: a save for one version is refused once another save has replaced that version',
    async run({ open, refused, expect }) {
      const db = await open();
      const save = (text: string, ifVersion: number): ReturnType<typeof db.saveMemory> =>
        db.saveMemory(memoryOf('agent-1', { memory: JSON.stringify(text), ifVersion }));
      await refused(save('too early', 1), 'VERSION_CONFLICT', /is not stored/);
      expect((await save('first', 0)).version).toBe(1);
      expect((await save('second', 1)).version).toBe(2);
      const error = await refused(save('late', 1), 'VERSION_CONFLICT', /is version 2, not 1/);
      expect(error.hint).toMatch(/read it again/);
      await refused(save('late', 0), 'VERSION_CONFLICT', /is version 2/);
      await refused(
        db.record({ receipts: [receiptOf('e')], memories: [memoryOf('agent-1', { ifVersion: 1 })] }),
        'VERSION_CONFLICT',
      );
      expect(await db.getMemory('agent-1')).toBe('"second"');
      expect(await db.queryReceipts()).toEqual([]);
      const outcomes = await Promise.allSettled(upTo(5).map((n) => save(`writer ${n}`, 2)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
      await refused(save('no', -1), 'INVALID_ARGUMENT', /ifVersion/);
    },
  },
  {
    title: 'memory: saves many together, all or none; an agent listed twice gets two versions',
    async run({ open, refused, expect }) {
      const db = await open();
      await refused(
        db.saveMemories([memoryOf('a'), memoryOf('b', { memory: 'nope' })]),
        'INVALID_JSON',
        /in memory/,
      );
      expect(await db.queryMemory()).toEqual([]);
      const saved = await db.saveMemories([memoryOf('a'), memoryOf('b'), memoryOf('a')]);
      expect(saved.map(({ version }) => version)).toEqual([1, 1, 2]);
      expect(await db.saveMemories([])).toEqual([]);
    },
  },
  {
    title: 'memory: a query returns every match of a pattern, latest save first',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.saveMemories(upTo(1200).map((index) => memoryOf(`agent-${index}`)));
      clock.forwardSeconds(1);
      await db.saveMemory(memoryOf('agent-7'));
      const all = await db.queryMemory();
      expect(all.length).toBe(1200);
      expect(all.slice(0, 3).map(({ agentId }) => agentId)).toEqual(['agent-7', 'agent-1199', 'agent-1198']);
      expect(await collect(db.queryMemory())).toEqual(all);
      const order = 'oldest-first';
      expect(await db.queryMemory({ order })).toEqual(all.toReversed());
      expect(await collect(db.queryMemory({ order }))).toEqual(all.toReversed());
      expect((await db.queryMemory({ agent: 'agent-119*' })).length).toBe(11);
      expect(await db.queryMemory({ agent: 'nobody' })).toEqual([]);
    },
  },
  {
    title: 'memory: getMemory compares ids exactly; an unknown agent is NOT_FOUND',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveMemories([memoryOf('agent-1'), memoryOf('%', { memory: '"percent"' })]);
      expect(await db.getMemory('%')).toBe('"percent"');
      await refused(db.getMemory('agent-_'), 'NOT_FOUND', /agent-_/);
      await refused(db.getMemory('AGENT-1'), 'NOT_FOUND');
    },
  },
];
