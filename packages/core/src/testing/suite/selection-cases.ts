import type { AgentSelection } from '../../api/persistence.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

const { raw } = String;

export const selectionCases: readonly PersistenceCase[] = [
  {
    title: 'selection: a backslash makes a wildcard an ordinary character; agentExact compares exactly',
    async run({ open, refused, expect }) {
      const db = await open();
      const agents = ['a_1', 'ab1', 'A_1', 'a%1', 'a*1', raw`a*\1`, raw`CORP\_x`, raw`CORP\user`, 'a_1\0b'];
      await db.record({
        receipts: agents.map((agentId) => receiptOf(agentId, { agentId })),
        memories: agents.map((agentId) => memoryOf(agentId)),
        audits: agents.map((agentId) => auditOf('o', { agentId })),
      });
      const foundBy = async (selection: AgentSelection): Promise<string[]> => {
        const idsOf = (rows: readonly { readonly agentId: string }[]): string[] =>
          rows.map(({ agentId }) => agentId).toSorted();
        const found = idsOf(await db.queryReceipts(selection));
        expect(idsOf(await db.queryMemory(selection))).toEqual(found);
        expect(idsOf(await db.queryAuditTrail(selection))).toEqual(found);
        const { agentMetrics, receiptStatistics } = await db.analytics(selection);
        expect(idsOf(agentMetrics)).toEqual(found);
        expect(receiptStatistics[0]?.count ?? 0).toBe(found.length);
        return found;
      };
      for (const [agent, expected] of [
        ['a_1', ['A_1', 'a%1', 'a*1', 'a_1', 'a_1\0b', 'ab1']],
        [raw`a\_1`, ['A_1', 'a_1', 'a_1\0b']],
        [raw`a\%1`, ['a%1']],
        [raw`a\*1`, ['a*1']],
        [raw`*\\1`, [raw`a*\1`]],
        // Before any other character, and at the end, a backslash is itself.
        [raw`corp\user`, [raw`CORP\user`]],
        [raw`corp\\\_x`, [raw`CORP\_x`]],
        ['CORP\\', []],
      ] as const) {
        expect(await foundBy({ agent }), agent).toEqual([...expected]);
      }
      for (const agentExact of agents) expect(await foundBy({ agentExact })).toEqual([agentExact]);
      for (const agentExact of ['a__', '%', raw`a\_1`, raw`corp\user`]) {
        expect(await foundBy({ agentExact })).toEqual([]);
      }
      const output = new WritableStream<Uint8Array>();
      expect((await db.exportAuditTrail({ output, agentExact: 'a_1' })).rows).toBe(1);
      // SQLite compares so many wildcards by calls within calls, until the stack ends.
      await refused(db.queryReceipts({ agent: '*a'.repeat(8000) }), 'INVALID_ARGUMENT', /1000 of %/);
      expect(await db.queryReceipts({ agent: '*a'.repeat(1000) })).toEqual([]);
      await refused(db.queryReceipts({ agent: 'a', agentExact: 'a' }), 'INVALID_ARGUMENT', /exclude/);
      await refused(db.analytics({ agentExact: '' }), 'INVALID_ARGUMENT', /agentExact/);
      await refused(db.queryMemory({ agentExact: 1 as never }), 'INVALID_ARGUMENT', /agentExact/);
    },
  },
  {
    title: 'selection: a receipt is found by the beginning of its id and by its execution',
    async run({ open, refused, expect }) {
      const db = await open();
      // Of 600 ids, some begin with the same four digits. The ids depend on nothing but the receipts.
      const saved = await db.saveReceipts(
        upTo(600).map((index) => receiptOf(`exec-${index}`, { receipt: { index } })),
      );
      const ids = saved.map(({ receiptId }) => receiptId);
      const first = ids[0] ?? '';
      for (const idPrefix of [first, first.slice(0, 12)]) {
        expect(await db.getReceipt({ idPrefix })).toBe('{"index":0}');
      }
      expect(await db.getReceipt({ executionId: 'exec-1' })).toBe('{"index":1}');
      const beginnings = ids.map((id) => id.slice(0, 4)).toSorted();
      const shared = beginnings.find((beginning, index) => beginning === beginnings[index + 1]) ?? '';
      const error = await refused(db.getReceipt({ idPrefix: shared }), 'INVALID_ARGUMENT', /^Several /);
      expect(error.hint).toBe('Give more of the id.');
      for (const idPrefix of ['gggg', '%%%%', '____', `${first}0`]) {
        await refused(db.getReceipt({ idPrefix }), 'NOT_FOUND');
      }
      await refused(db.getReceipt(first.slice(0, 12)), 'NOT_FOUND');
      await refused(db.getReceipt({ executionId: 'exec-_' }), 'NOT_FOUND', /execution "exec-_"/);
      expect((await refused(db.getReceipt('exec-1'), 'NOT_FOUND')).hint).toMatch(/`executionId`/);
      await refused(db.getReceipt({ idPrefix: first.slice(0, 3) }), 'INVALID_ARGUMENT', /at least 4/);
      for (const wrong of [
        {},
        { idPrefix: '' },
        { executionId: '' },
        { idPrefix: 'abcd', executionId: 'e' },
        7,
      ]) {
        await refused(db.getReceipt(wrong as never), 'INVALID_ARGUMENT');
      }
    },
  },
];
