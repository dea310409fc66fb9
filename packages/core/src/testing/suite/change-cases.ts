import type { PersistenceError } from '../../api/errors.ts';
import type { ChangeEvent, IncomingChange, IncomingReport, MemoryRow } from '../../api/persistence.ts';
import { MemoryBackupDirectory } from '../memory-backup-directory.ts';
import {
  type PersistenceCase,
  auditOf,
  collect,
  memoryOf,
  receiptOf,
  rejectionOf,
  upTo,
} from '../persistence-case.ts';

const seqs = (events: readonly ChangeEvent[]): number[] => events.map(({ data }) => data.seq);

const codeOf = (error: Error): string => (error as PersistenceError).code;

export const changeCases: readonly PersistenceCase[] = [
  {
    title: 'changes: returns every entry as a CloudEvent, in order, and goes on after an id or a number',
    needs: 'clock',
    async run({ open, expect }) {
      const db = await open();
      expect(await collect(db.changes())).toEqual([]);
      const { receiptId } = await db.saveReceipt(receiptOf('a'));
      await db.saveMemory(memoryOf('m'));
      await db.logAudit(auditOf('o'));
      const events = await collect(db.changes());
      const { origin } = await db.historyStatus();
      expect(events[0]).toEqual({
        specversion: '1.0',
        id: `${origin}/1/${events[0]?.data.leaf.slice(0, 8)}`,
        source: `urn:uuid:${origin}`,
        type: 'dev.ggen-sim.receipt.saved.v1',
        subject: receiptId,
        time: '2026-01-29T18:00:00.000Z',
        datacontenttype: 'application/json',
        data: {
          seq: 1,
          kind: 'receipt.saved',
          table: 'receipts',
          rowId: receiptId,
          leaf: events[0]?.data.leaf,
          details: null,
        },
      });
      expect(events[0]?.data.leaf).toMatch(/^[0-9a-f]{64}$/);
      expect(events.map(({ data }) => data.kind)).toEqual(['receipt.saved', 'memory.saved', 'audit.logged']);
      expect(await collect(db.changes({ after: events[0]?.id ?? '' }))).toEqual(events.slice(1));
      expect(await collect(db.changes({ after: 2 }))).toEqual(events.slice(2));
      expect(await collect(db.changes({ after: 1, limit: 1 }))).toEqual(events.slice(1, 2));
      expect(await collect(db.changes({ limit: 0 }))).toEqual([]);
      expect(await collect(db.changes({ after: 'latest' }))).toEqual([]);
    },
  },
  {
    title: 'applyChanges: takes the hashes and the row of each change of another database',
    async run({ open, expect }) {
      const db = await open();
      const { receiptId: id } = await db.saveReceipt(receiptOf('a'));
      const [saved] = await collect(db.changes({ rows: true }));
      const { leaf = '', row = null } = saved?.data ?? {};
      const change = { table: 'receipts', id, leaf, parent: null } as const;
      const apply = async (incoming: IncomingChange): Promise<IncomingReport> => {
        const { origin, lastSeq } = await db.syncState();
        return db.applyChanges({ origin, pushedSeq: lastSeq, changes: [incoming], state: '{}' });
      };
      const deleted = { ...change, kind: 'deleted', row: null, leaves: [leaf], reason: 'asked for' } as const;
      expect((await apply(deleted)).removed).toBe(1);
      expect(await db.countReceipts()).toBe(0);
      const again = { ...change, kind: 'saved', row: row && { ...row }, leaves: [], reason: null } as const;
      expect(await apply(again)).toEqual({
        applied: true,
        stored: 1,
        present: 0,
        conflicts: 0,
        removed: 0,
        refused: [],
      });
      expect(await db.countReceipts()).toBe(1);
    },
  },
  {
    title: 'applyChanges: stores a state in place of the expected one alone',
    async run({ open, expect, refused }) {
      const db = await open();
      const { origin } = await db.syncState();
      const replace = async (expectedState: string | null, state: string): Promise<boolean> =>
        (await db.applyChanges({ origin, pushedSeq: 0, changes: [], state, expectedState })).applied;
      expect(await replace('{"a":1}', '{}')).toBe(false);
      expect((await db.syncState()).state).toBe(null);
      expect(await replace(null, '{"a":1}')).toBe(true);
      expect(await replace(null, '{}')).toBe(false);
      expect(await replace('{"a":1}', '{"a":2}')).toBe(true);
      expect((await db.syncState()).state).toBe('{"a":2}');
      await refused(replace(1 as unknown as string, '{}'), 'INVALID_ARGUMENT');
    },
  },
  {
    title: 'changes: reads more entries than a batch has, and ends at the last one there is at its beginning',
    async run({ open, expect }) {
      const db = await open();
      await db.logAudits(upTo(1200).map((n) => auditOf(`o-${n}`)));
      const read: number[] = [];
      for await (const { data } of db.changes()) {
        read.push(data.seq);
        if (data.seq === 1) await db.logAudit(auditOf('during'));
      }
      expect(read).toEqual(upTo(1200).map((n) => n + 1));
      expect(seqs(await collect(db.changes({ after: 1200, limit: 7 })))).toEqual([1201]);
      expect(seqs(await collect(db.changes({ after: 3, limit: 1000 })))).toEqual(
        upTo(1000).map((n) => n + 4),
      );
    },
  },
  {
    title: 'changes: follows commits as they come, and ends at its limit',
    async run({ open, expect }) {
      const db = await open();
      await db.logAudit(auditOf('before'));
      const all = collect(db.changes({ follow: true, limit: 21 }));
      const events = db.changes({ after: 'latest', follow: true })[Symbol.asyncIterator]();
      const first = events.next();
      // Its position is known once a call that came after its first one is answered.
      await db.stats();
      for (const n of upTo(20)) await db.logAudit(auditOf(`o-${n}`));
      const followed = [await first];
      for (const _ of upTo(19)) followed.push(await events.next());
      expect(followed.map(({ value }) => (value as ChangeEvent).data.seq)).toEqual(
        upTo(20).map((n) => n + 2),
      );
      expect(seqs(await all)).toEqual(upTo(21).map((n) => n + 1));
      const waiting = events.next();
      await events.return?.();
      expect((await waiting).done).toBe(true);
    },
  },
  {
    title: 'changes: a signal ends a follower with ABORTED, and closing the database with CLOSED',
    async run({ open, refused, expect }) {
      const db = await open();
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = rejectionOf(collect(db.changes({ follow: true, signal })));
      const closed = rejectionOf(collect(db.changes({ follow: true })));
      await db.stats();
      controller.abort(new Error('enough'));
      const error = await aborted;
      expect([codeOf(error), (error.cause as Error).message]).toEqual(['ABORTED', 'enough']);
      await refused(collect(db.changes({ signal })), 'ABORTED');
      await db.close();
      expect(codeOf(await closed)).toBe('CLOSED');
      await refused(collect(db.changes()), 'CLOSED');
    },
  },
  {
    title: 'changes: puts each row into its event as the entry notes it, also an earlier version of memory',
    async run({ open, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('a', { durationMs: 5 }));
      for (const n of [1, 2, 3]) await db.saveMemory(memoryOf('m', { memory: { n } }));
      await db.logAudit(auditOf('o'));
      const rows = await collect(db.changes({ rows: true }));
      expect(rows[0]?.data.row).toEqual((await db.queryReceipts())[0]);
      expect(rows[4]?.data.row).toEqual((await db.queryAuditTrail())[0]);
      expect(
        rows.slice(1, 4).map(({ data }) => {
          const { version, memoryJson } = data.row as MemoryRow;
          return [version, memoryJson];
        }),
      ).toEqual([1, 2, 3].map((n) => [n, `{"n":${n}}`]));
      expect('row' in ((await collect(db.changes({ limit: 1 })))[0]?.data ?? {})).toBe(false);
    },
  },
  {
    title: 'changes: tells of deleted rows, whose events have no row any more',
    needs: 'clock',
    async run({ open, clock, expect }) {
      const db = await open();
      await db.saveReceipts(upTo(3).map((n) => receiptOf(`r-${n}`)));
      clock.forwardSeconds(100 * 86_400);
      await db.cleanup();
      const events = await collect(db.changes({ rows: true }));
      expect(events.map(({ data }) => data.row)).toEqual([null, null, null, null]);
      const last = events.at(-1);
      expect(last?.subject).toBe(undefined);
      const { kind, table, rowId, details } = last?.data ?? {};
      expect([kind, table, rowId]).toEqual(['rows.deleted', 'receipts', null]);
      const { cause, count, rowids } = details ?? {};
      expect({ cause, count, rowids }).toEqual({ cause: 'cleanup', count: 3, rowids: [[1, 3]] });
    },
  },
  {
    title: 'changes: refuses a position of another database with CHANGE_LOG_RESET, also while it follows',
    async run({ open, refused, expect }) {
      const db = await open();
      const directory = new MemoryBackupDirectory();
      await db.logAudits([auditOf('a'), auditOf('b')]);
      await db.exportBackup({ directory });
      for (const replace of [
        () => db.reset(),
        () => db.restoreBackup({ directory, force: true }),
        async () => db.importImage(await db.exportImage()),
      ]) {
        const [event] = await collect(db.changes({ limit: 1 }));
        const followed = rejectionOf(collect(db.changes({ after: 'latest', follow: true })));
        await db.stats();
        await replace();
        expect(codeOf(await followed)).toBe('CHANGE_LOG_RESET');
        const error = await refused(
          collect(db.changes({ after: event?.id ?? '' })),
          'CHANGE_LOG_RESET',
          /not of/,
        );
        expect(error.hint).toMatch(/latest/);
      }
      const { lastSeq } = await db.historyStatus();
      await refused(collect(db.changes({ after: lastSeq + 1 })), 'CHANGE_LOG_RESET', /ends at/);
    },
  },
  {
    title: 'changes: refuses wrong options',
    async run({ open, refused }) {
      const db = await open();
      const wrong = [
        { after: -1 },
        { after: 1.5 },
        { after: 'first' },
        { after: '019b0000-0000-7000-8000-000000000000/9999999999999999/00000000' },
        { after: '019b0000-0000-7000-8000-000000000000/1' },
        { after: null },
        { limit: -1 },
        { limit: '5' },
        { follow: 1 },
        { rows: 'yes' },
        { signal: 'now' },
        5,
        null,
      ];
      for (const options of wrong) {
        await refused(collect(db.changes(options as never)), 'INVALID_ARGUMENT');
      }
    },
  },
];
