import type { PersistenceCase } from '../persistence-case.ts';
import { auditOf, collect, memoryOf, receiptOf, upTo } from '../persistence-case.ts';
import { MemoryBackupDirectory } from '../memory-backup-directory.ts';

const REASON = 'asked for';

/** Returns what an object has under the names of another one, in the objects within as well. */
function partOf(whole: unknown, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return whole;
  const members = (whole ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, partOf(members[name], value)]),
  );
}

export const removalCases: readonly PersistenceCase[] = [
  {
    title: 'deleteRecord: removes one record, leaves its entry, and says why',
    async run({ open, refused, expect }) {
      const expectPart = (whole: unknown, part: unknown): void => expect(partOf(whole, part)).toEqual(part);
      const db = await open();
      const { receipts, audits } = await db.record({
        receipts: [receiptOf('a'), receiptOf('b')],
        audits: [auditOf('o')],
        memories: [memoryOf('m'), memoryOf('n')],
      });
      await db.saveMemory(memoryOf('m', { memory: '{"v":2}' }));
      const checkpoint = await db.checkpoint();
      const receiptId = receipts[1]?.receiptId ?? '';
      expect(await db.deleteRecord({ receiptId, reason: REASON })).toEqual({
        table: 'receipts',
        id: receiptId,
        reason: REASON,
        seq: 7,
        versionsRedacted: 0,
      });
      expectPart(await db.deleteRecord({ agentId: 'm', reason: REASON }), {
        seq: 9,
        versionsRedacted: 1,
      });
      await db.deleteRecord({ auditId: audits[0]?.auditId ?? '', reason: REASON });
      await refused(db.getReceipt(receiptId), 'NOT_FOUND');
      await refused(db.getMemory('m'), 'NOT_FOUND');
      expect(await db.countReceipts()).toBe(1);
      const events = await collect(db.changes({ after: 6 }));
      expect(
        events.map(({ data }) => [data.kind, data.table, data.details?.['reason'], data.details?.['id']]),
      ).toEqual([
        ['rows.deleted', 'receipts', REASON, receiptId],
        ['rows.redacted', 'agent_memory', REASON, undefined],
        ['rows.deleted', 'agent_memory', REASON, 'm'],
        ['rows.deleted', 'audit_log', REASON, audits[0]?.auditId],
      ]);
      expect(events[0]?.subject).toBe(receiptId);
      expectPart(await db.verify({ checkpoints: [checkpoint.text] }), {
        ok: true,
        problems: [],
        history: { rowsDeleted: 3, entriesRedacted: 1, rowsVerified: 2 },
      });
      await refused(db.deleteRecord({ receiptId, reason: REASON }), 'NOT_FOUND', /There is no receipt/);
      await db.saveReceipt(receiptOf('b'));
      await db.saveMemory(memoryOf('m'));
      expect((await db.verify()).problems).toEqual([]);
    },
  },
  {
    title: 'redactRecord: replaces content by its hash, of a memory in every version, once',
    async run({ open, expect }) {
      const expectPart = (whole: unknown, part: unknown): void => expect(partOf(whole, part)).toEqual(part);
      const db = await open();
      const { receipts, audits } = await db.record({
        receipts: [receiptOf('a', { receipt: '{"secret":1}' })],
        audits: [auditOf('o', { details: 'secret', errorMessage: 'é' }), auditOf('p')],
        memories: [memoryOf('m', { memory: '{"secret":1}' })],
      });
      await db.saveMemory(memoryOf('m', { memory: '{"secret":2}' }));
      await db.saveMemory(memoryOf('m', { memory: '{"secret":3}' }));
      const receiptId = receipts[0]?.receiptId ?? '';
      const auditId = audits[0]?.auditId ?? '';
      expectPart(await db.redactRecord({ receiptId, reason: REASON }), {
        seq: 7,
        valuesRedacted: 1,
      });
      expectPart(await db.redactRecord({ auditId, reason: REASON }), { seq: 8, valuesRedacted: 2 });
      const again = { valuesRedacted: 0, versionsRedacted: 0, seq: null };
      expectPart(await db.redactRecord({ auditId, reason: REASON }), again);
      const memory = { seq: 10, valuesRedacted: 1, versionsRedacted: 2 };
      expectPart(await db.redactRecord({ agentId: 'm', reason: REASON }), memory);
      // The SHA-256 of the text.
      expect(await db.getReceipt(receiptId)).toMatch(
        /^\{"redacted":\{"sha256":"[0-9a-f]{64}","size_bytes":12\}\}$/,
      );
      const [row] = await db.queryAuditTrail({ operation: 'o' });
      expect(row?.details).toMatch(
        /^\{"redacted":\{"sha256":"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b","size_bytes":6\}\}$/,
      );
      expect(row?.errorMessage).toMatch(/"size_bytes":2\}\}$/);
      for (const version of [1, 2, 3]) {
        expect(await db.getMemory({ agentId: 'm', version })).toMatch(/^\{"redacted":/);
      }
      await db.saveMemory(memoryOf('m', { memory: '{"secret":4}' }));
      expectPart(await db.redactRecord({ agentId: 'm', reason: REASON }), {
        valuesRedacted: 1,
        versionsRedacted: 0,
      });
      expectPart(await db.verify(), {
        ok: true,
        problems: [],
        receiptsVerified: 0,
        receiptsRedacted: 1,
        history: { entriesRedacted: 6 },
      });
      expect(JSON.stringify(await db.queryMemory()).includes('secret')).toBe(false);
    },
  },
  {
    title: 'addHold, removeHold, listHolds: keep records from being deleted, redacted, cleaned up or reset',
    needs: 'clock',
    async run({ open, clock, refused, expect }) {
      const expectPart = (whole: unknown, part: unknown): void => expect(partOf(whole, part)).toEqual(part);
      const db = await open();
      const { receipts } = await db.record({
        receipts: [receiptOf('a'), receiptOf('b')],
        memories: [memoryOf('m')],
      });
      const receiptId = receipts[0]?.receiptId ?? '';
      const reason = 'case 7';
      const held = await db.addHold({ receiptId, reason: 'other' });
      expect(held).toEqual({ table: 'receipts', id: receiptId, reason: 'other', at: '2026-01-29 18:00:00' });
      await db.addHold({ receiptId, reason });
      await db.addHold({ agentId: 'm', reason });
      expect((await db.listHolds()).map(({ table, id }) => [table, id])).toEqual([
        ['agent_memory', 'm'],
        ['receipts', receiptId],
      ]);
      await refused(db.deleteRecord({ receiptId, reason }), 'HELD');
      await refused(db.redactRecord({ agentId: 'm', reason }), 'HELD');
      await refused(db.reset(), 'HELD');
      clock.forwardDays(100);
      expectPart(await db.cleanup({ dryRun: true }), { receiptsDeleted: 1 });
      expectPart(await db.cleanup(), { receiptsDeleted: 1 });
      expect((await db.queryReceipts()).map((row) => row.receiptId)).toEqual([receiptId]);
      await db.removeHold({ agentId: 'm' });
      await refused(db.removeHold({ agentId: 'm' }), 'NOT_FOUND');
      await refused(db.addHold({ receiptId: 'none', reason }), 'NOT_FOUND');
      await db.deleteRecord({ agentId: 'm', reason });
      expect((await db.verify()).problems).toEqual([]);
      await db.removeHold({ receiptId });
      expect(await db.listHolds()).toEqual([]);
      expectPart(await db.cleanup(), { receiptsDeleted: 1 });
      await db.reset();
    },
  },
  {
    title:
      'deleteRecord, redactRecord, addHold: come back from backups as they were, and refuse what is wrong',
    async run({ open, refused, expect }) {
      const expectPart = (whole: unknown, part: unknown): void => expect(partOf(whole, part)).toEqual(part);
      const db = await open();
      const { receipts } = await db.record({ receipts: [receiptOf('a'), receiptOf('b'), receiptOf('c')] });
      const [deleted, redacted, held] = receipts.map(({ receiptId }) => receiptId);
      await db.deleteRecord({ receiptId: deleted ?? '', reason: REASON });
      await db.redactRecord({ receiptId: redacted ?? '', reason: REASON });
      await db.addHold({ receiptId: held ?? '', reason: REASON });
      await db.saveMemory(memoryOf('later'));
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      await db.removeHold({ receiptId: held ?? '' });
      await db.addHold({ agentId: 'later', reason: REASON });
      for (const from of ['json', 'image'] as const) {
        await db.restoreBackup({ directory, from, force: true });
        expect((await db.listHolds()).map(({ id }) => id)).toEqual(['later', held]);
        expectPart(await db.verify(), {
          problems: [],
          receiptsRedacted: 1,
          history: { rowsDeleted: 1, entriesRedacted: 1, rowsVerified: 3 },
        });
      }
      await refused(db.deleteRecord({ receiptId: held ?? '', reason: REASON }), 'HELD');
      const wrong = [
        {},
        { receiptId: 'a' },
        { receiptId: 'a', reason: ' ' },
        { receiptId: 'a', reason: 'x'.repeat(1001) },
        { receiptId: 'a', agentId: 'b', reason: REASON },
        { receiptId: '', reason: REASON },
        { receiptId: 5 as unknown as string, reason: REASON },
        { receiptId: 'a', reason: REASON, vacuum: 'yes' as unknown as boolean },
      ];
      for (const request of wrong) {
        await refused(db.deleteRecord(request as { reason: string }), 'INVALID_ARGUMENT');
        await refused(db.redactRecord(request as { reason: string }), 'INVALID_ARGUMENT');
      }
      await refused(
        db.addHold({ receiptId: 'a' } as { receiptId: string; reason: string }),
        'INVALID_ARGUMENT',
      );
      await refused(db.removeHold({}), 'INVALID_ARGUMENT');
      const signal = AbortSignal.abort();
      await refused(db.deleteRecord({ receiptId: redacted ?? '', reason: REASON, signal }), 'ABORTED');
    },
  },
  {
    title:
      'setRetentionPolicy, runRetention: keep what the policies say, by age, number, size, agent and status',
    needs: 'clock',
    async run({ open, clock, refused, expect }) {
      const db = await open();
      const expectPart = (whole: unknown, part: unknown): void => expect(partOf(whole, part)).toEqual(part);
      const receipt = JSON.stringify('x'.repeat(98));
      const ids: string[] = [];
      for (const n of upTo(12)) {
        const status = n % 2 === 0 ? 'error' : 'success';
        const agentId = n < 6 ? 'old-agent' : 'agent';
        ids.push((await db.saveReceipt(receiptOf(`e-${n}`, { agentId, receipt, status }))).receiptId);
        await db.logAudit(auditOf('o', { details: 'y'.repeat(10) }));
        clock.forwardDays(1);
      }
      const executions = async (): Promise<number[]> =>
        (await db.queryReceipts({ order: 'oldest-first' })).map(({ executionId }) =>
          Number(executionId.slice(2)),
        );
      await db.addHold({ receiptId: ids[0] ?? '', reason: REASON });
      const policies = [
        { name: 'a-errors', table: 'receipts', status: 'error', maxAgeDays: 9 },
        { name: 'b-agent', table: 'receipts', agent: 'ag*', maxCount: 4 },
        { name: 'c-size', table: 'receipts', maxBytes: 650 },
        {
          name: 'd-audits',
          table: 'audit_log',
          status: ['completed', 'failed'],
          maxCount: 5,
          maxAgeDays: 100,
        },
      ] as const;
      for (const policy of policies.toReversed()) expect(await db.setRetentionPolicy(policy)).toEqual(policy);
      expect(await db.listRetentionPolicies()).toEqual([...policies]);
      const deleted = {
        policies: [
          [1, 1],
          [2, 0],
          [2, 1],
          [7, 0],
        ],
      };
      const counts = async (dryRun: boolean): Promise<unknown> => {
        const report = await db.runRetention({ dryRun });
        return { policies: report.policies.map(({ rowsDeleted, rowsHeld }) => [rowsDeleted, rowsHeld]) };
      };
      expect(await counts(true)).toEqual(deleted);
      expect(await db.countReceipts()).toBe(12);
      expect(await counts(false)).toEqual(deleted);
      expect(await executions()).toEqual([0, 4, 5, 8, 9, 10, 11]);
      expect(await db.countAuditTrail({ days: 365 })).toBe(5);
      expect(await counts(false)).toEqual({
        policies: [
          [0, 1],
          [0, 0],
          [0, 1],
          [0, 0],
        ],
      });
      expectPart(await db.verify(), { problems: [], history: { rowsDeleted: 12 } });
      const events = await collect(db.changes());
      const causes = events
        .filter(({ data }) => data.kind === 'rows.deleted')
        .map(({ data }) => data.details);
      expect(causes.map((details) => [details?.['cause'], details?.['policy'], details?.['count']])).toEqual([
        ['retention', 'a-errors', 1],
        ['retention', 'b-agent', 2],
        ['retention', 'c-size', 2],
        ['retention', 'd-audits', 7],
      ]);
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      await db.removeRetentionPolicy('b-agent');
      for (const from of ['json', 'image'] as const) {
        await db.restoreBackup({ directory, from, force: true });
        expect(await db.listRetentionPolicies()).toEqual([...policies]);
      }
      await refused(db.removeRetentionPolicy('none'), 'NOT_FOUND');
      const right = { name: 'n', table: 'receipts', maxCount: 1 } as const;
      const wrong = [
        {},
        { ...right, maxCount: undefined },
        { ...right, name: '' },
        { ...right, name: 'a b' },
        { ...right, table: 'agent_memory' },
        { ...right, maxCount: -1 },
        { ...right, maxAgeDays: 1.5 },
        { ...right, status: 5 },
        { ...right, agent: 5 },
      ];
      for (const policy of wrong)
        await refused(db.setRetentionPolicy(policy as typeof right), 'INVALID_ARGUMENT');
      await refused(db.runRetention({ signal: AbortSignal.abort() }), 'ABORTED');
      await refused(db.runRetention({ dryRun: 'yes' as unknown as boolean }), 'INVALID_ARGUMENT');
    },
  },
];
