import type { Change, Persistence } from '../../api/persistence.ts';
import { MemoryBackupDirectory } from '../memory-backup-directory.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

/** Waits until pending changes have reached the subscribers. Behind a worker that takes a message. */
async function changesDelivered(db: Persistence): Promise<void> {
  await db.stats();
  await db.stats();
}

export const lifecycleCases: readonly PersistenceCase[] = [
  {
    title: 'subscribe: reports each commit with its tables and a growing version, until unsubscribed',
    async run({ open, refused, expect }) {
      const db = await open();
      const changes: Change[] = [];
      const unsubscribe = db.subscribe((change) => void changes.push(change));
      await db.saveReceipt(receiptOf('a'));
      await db.saveMemory(memoryOf('m'));
      await db.logAudit(auditOf('o'));
      await db.record({ receipts: [receiptOf('b')], audits: [auditOf('p')] });
      await changesDelivered(db);
      expect(changes.map(({ tables }) => tables)).toEqual([
        ['receipts'],
        ['agent_memory'],
        ['audit_log'],
        ['receipts', 'audit_log'],
      ]);
      for (const [index, { version }] of changes.entries()) {
        if (index > 0) expect(version).toBeGreaterThan(changes[index - 1]?.version ?? 0);
      }
      await refused(db.saveReceipt(receiptOf('a')), 'DUPLICATE_EXECUTION');
      await db.queryReceipts();
      await changesDelivered(db);
      expect(changes.length).toBe(4);
      unsubscribe();
      unsubscribe();
      await db.saveReceipt(receiptOf('c'));
      await changesDelivered(db);
      expect(changes.length).toBe(4);
    },
  },
  {
    title: 'subscribe: reports reset, restore and import',
    async run({ open, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('a'));
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      const image = await db.exportImage();
      const changes: Change[] = [];
      db.subscribe((change) => void changes.push(change));
      await db.reset();
      await db.restoreBackup({ directory, from: 'json' });
      await db.restoreBackup({ directory, force: true });
      await db.importImage(image);
      await changesDelivered(db);
      const all = changes[0]?.tables ?? [];
      expect(changes.map(({ tables }) => tables)).toEqual([all, all, all, all]);
      for (const table of ['receipts', 'agent_memory', 'audit_log'] as const) {
        expect(all.includes(table), table).toBe(true);
      }
    },
  },
  {
    title: 'info: reports where the data is stored and what is promised for it',
    async run({ open, expect }) {
      const info = await (await open()).info();
      expect(info.persistent).toBe(info.storage !== 'memory');
      expect(info.path === null).toBe(info.storage === 'memory');
      expect(info.readOnly).toBe(false);
      expect(info.durability).toMatch(/^(strict|relaxed)$/);
      expect(info.journalMode).toMatch(/^[a-z]+$/);
      expect(info.lockProvider).toMatch(/./);
      expect(info.schemaVersion).toBeGreaterThan(1);
      expect(info.sqliteVersion).toMatch(/^3\.\d+\.\d+$/);
      expect(info.programVersion).toMatch(/^\d+\.\d+\.\d+/);
      expect(info.sizeBytes % info.pageSizeBytes).toBe(0);
      expect(info.checkpoint?.failure ?? null).toBe(null);
      expect(info.checkpoint === null).toBe(info.storage !== 'indexeddb');
    },
  },
  {
    title: 'close: waits for earlier calls, can be repeated, and makes later calls reject with CLOSED',
    async run({ open, refused, expect }) {
      const db = await open();
      const saves = upTo(50).map((index) => db.saveReceipt(receiptOf(`e-${index}`)));
      const reading = db.queryReceipts().then((rows) => rows);
      await Promise.all([db.close(), db.close()]);
      expect((await Promise.all(saves)).length).toBe(50);
      expect((await reading).length).toBe(50);
      await db.close();
      const directory = new MemoryBackupDirectory();
      const late: Record<string, () => PromiseLike<unknown>> = {
        saveReceipt: () => db.saveReceipt(receiptOf('late')),
        saveReceipts: () => db.saveReceipts([receiptOf('late')]),
        queryReceipts: () => db.queryReceipts(),
        getReceipt: () => db.getReceipt('id'),
        saveMemory: () => db.saveMemory(memoryOf('late')),
        saveMemories: () => db.saveMemories([memoryOf('late')]),
        getMemory: () => db.getMemory('m'),
        queryMemory: () => db.queryMemory(),
        logAudit: () => db.logAudit(auditOf('late')),
        logAudits: () => db.logAudits([auditOf('late')]),
        queryAuditTrail: () => db.queryAuditTrail(),
        record: () => db.record({ audits: [auditOf('late')] }),
        exportAuditTrail: () => db.exportAuditTrail({ output: new WritableStream() }),
        exportBackup: () => db.exportBackup({ directory }),
        analytics: () => db.analytics(),
        stats: () => db.stats(),
        cleanup: () => db.cleanup(),
        reset: () => db.reset(),
        verify: () => db.verify(),
        checkpoint: () => db.checkpoint(),
        prove: () => db.prove({ seq: 1 }),
        exportImage: () => db.exportImage(),
        info: () => db.info(),
      };
      for (const [operation, call] of Object.entries(late)) {
        const error = await refused(call(), 'CLOSED');
        expect(error.operation).toBe(operation);
      }
    },
  },
  {
    title: 'close: waits for operations of several steps as well',
    async run({ open, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('a'));
      const directory = new MemoryBackupDirectory();
      const pending = Promise.all([db.cleanup(), db.exportBackup({ directory }), db.reset()]);
      await db.close();
      const [, { manifest }] = await pending;
      expect(directory.files.size).toBe(manifest.files.length + 1);
    },
  },
  {
    title: 'close: await using closes at the end of the block, also when the block throws',
    async run({ open, refused, expect }) {
      let kept: Persistence | undefined;
      const work = async (): Promise<void> => {
        await using db = await open();
        kept = db;
        await db.saveReceipt(receiptOf('a'));
        throw new Error('the block fails');
      };
      expect(await work().catch((error: Error) => error.message)).toBe('the block fails');
      await refused((kept as Persistence).stats(), 'CLOSED');
    },
  },
  {
    title: 'close: saved rows are there when the database is opened again, if the storage is persistent',
    async run({ open, expect }) {
      const first = await open();
      const { persistent } = await first.info();
      const { receiptId } = await first.saveReceipt(receiptOf('a'));
      await first.close();
      const second = await open();
      expect((await second.stats()).receiptsTotal).toBe(persistent ? 1 : 0);
      if (persistent) expect(await second.getReceipt(receiptId)).toBe('{"ok":true}');
    },
  },
  {
    title: 'arguments: a wrong argument is refused before anything is written',
    async run({ open, refused, expect }) {
      const db = await open();
      const wrong = (value: unknown): never => value as never;
      await refused(
        db.saveReceipt(wrong({})),
        'INVALID_ARGUMENT',
        /^Missing required parameters: executionId, agentId, agentType, receipt$/,
      );
      await refused(
        db.saveMemory(wrong({ agentId: '' })),
        'INVALID_ARGUMENT',
        /^Missing required parameters: agentId, agentType, memory$/,
      );
      await refused(
        db.logAudit(wrong({ agentId: 'a' })),
        'INVALID_ARGUMENT',
        /^Missing required parameters: operation, status$/,
      );
      await refused(
        db.saveReceipt(receiptOf('e', { receipt: '{' })),
        'INVALID_JSON',
        /^Invalid JSON in receipt/,
      );
      await refused(
        db.saveReceipt(receiptOf('e', { status: wrong('done') })),
        'INVALID_ARGUMENT',
        /status.*success/,
      );
      await refused(db.queryReceipts({ limit: -1 }), 'INVALID_ARGUMENT', /limit/);
      await refused(db.analytics({ period: wrong('last-year') }), 'INVALID_ARGUMENT', /period/);
      expect((await db.stats()).receiptsTotal).toBe(0);
    },
  },
];
