import type { Persistence } from '../../api/persistence.ts';
import { MemoryBackupDirectory } from '../memory-backup-directory.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

async function contentOf(db: Persistence): Promise<unknown[]> {
  return [
    await db.queryReceipts({ limit: 10_000 }),
    await db.queryMemory(),
    await db.queryAuditTrail({ days: 100_000, limit: 10_000 }),
  ];
}

async function fill(db: Persistence): Promise<void> {
  await db.record({
    receipts: upTo(700).map((index) =>
      receiptOf(`e-${index}`, { receipt: `{"n": ${index}.0}`, durationMs: index }),
    ),
    memories: upTo(3).map((index) => memoryOf(`agent-${index}`)),
    audits: upTo(5).map((index) => auditOf(`op-${index}`, { details: `"${index}"\n` })),
  });
}

export const backupCases: readonly PersistenceCase[] = [
  {
    title: 'backup: image and JSON restore the same rows',
    async run({ open, expect }) {
      const db = await open();
      await fill(db);
      const before = await contentOf(db);
      const directory = new MemoryBackupDirectory();
      const { manifest } = await db.exportBackup({ directory });
      const listed = manifest.files.map(({ name }) => name);
      expect([...directory.files.keys()].toSorted()).toEqual([...listed, 'manifest.json'].toSorted());
      const rowsOf = (file: string): number | null | undefined =>
        manifest.files.find(({ name }) => name === file)?.rows;
      const files = ['receipts.json', 'agent_memory.json', 'audit_log.json', 'ggen.db'];
      expect(files.map(rowsOf)).toEqual([700, 3, 5, null]);
      expect(JSON.parse(new TextDecoder().decode(directory.files.get('manifest.json')))).toEqual(manifest);
      for (const from of ['image', 'json'] as const) {
        await db.reset();
        const report = await db.restoreBackup({ directory, from });
        expect([report.directory, report.from]).toEqual(['memory', from]);
        expect([report.receipts, report.memories, report.auditEntries]).toEqual([700, 3, 5]);
        expect(await contentOf(db)).toEqual(before);
        expect((await db.verify()).receiptsVerified).toBe(700);
      }
    },
  },
  {
    title: 'backup: a backup of an empty database is valid and can be restored',
    async run({ open, expect }) {
      const db = await open();
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      expect(new TextDecoder().decode(directory.files.get('receipts.json'))).toBe('[]\n');
      expect((await db.restoreBackup({ directory })).receipts).toBe(0);
      expect((await db.restoreBackup({ directory, from: 'json' })).receipts).toBe(0);
    },
  },
  {
    title: 'restore: refuses a database that holds rows, without force',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipt(receiptOf('backed-up'));
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      await db.saveReceipt(receiptOf('since'));
      for (const from of ['image', 'json'] as const) {
        await refused(db.restoreBackup({ directory, from }), 'ALREADY_EXISTS');
        expect((await db.stats()).receiptsTotal).toBe(2);
        await db.restoreBackup({ directory, from, force: true });
        expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['backed-up']);
        await db.saveReceipt(receiptOf('since'));
      }
    },
  },
  {
    title: 'restore: a dry run counts the rows, refuses what a restore would refuse, and changes nothing',
    async run({ open, refused, expect }) {
      const db = await open();
      await fill(db);
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      await db.reset();
      const counts = { receipts: 700, memories: 3, auditEntries: 5 };
      for (const from of ['image', 'json'] as const) {
        expect(await db.restoreBackup({ directory, from, dryRun: true })).toEqual({
          directory: 'memory',
          from,
          ...counts,
        });
        expect((await db.stats()).receiptsTotal).toBe(0);
      }
      await db.saveReceipt(receiptOf('kept'));
      await refused(db.restoreBackup({ directory, dryRun: true }), 'ALREADY_EXISTS');
      expect((await db.restoreBackup({ directory, force: true, dryRun: true })).receipts).toBe(700);
      directory.files.set('receipts.json', new TextEncoder().encode('[]\n'));
      await refused(db.restoreBackup({ directory, force: true, dryRun: true }), 'BACKUP_INVALID');
      expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
    },
  },
  {
    title: 'restore: refuses a changed, truncated or missing file and changes nothing',
    async run({ open, refused, expect }) {
      const db = await open();
      await fill(db);
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      const before = await contentOf(db);
      for (const [name, bytes] of new Map(directory.files)) {
        if (name === 'manifest.json') continue;
        const flipped = bytes.slice();
        const middle = bytes.length >> 1;
        flipped[middle] = (flipped[middle] ?? 0) ^ 1;
        for (const damaged of [flipped, bytes.subarray(0, -1), undefined]) {
          if (damaged) directory.files.set(name, damaged);
          else directory.files.delete(name);
          for (const from of ['image', 'json'] as const) {
            await refused(
              db.restoreBackup({ directory, from, force: true }),
              'BACKUP_INVALID',
              new RegExp(name),
            );
          }
        }
        directory.files.set(name, bytes);
      }
      directory.files.set('manifest.json', new TextEncoder().encode('{}'));
      await refused(db.restoreBackup({ directory, force: true }), 'BACKUP_INVALID');
      directory.files.delete('manifest.json');
      await refused(db.restoreBackup({ directory, force: true }), 'NOT_FOUND');
      expect(await contentOf(db)).toEqual(before);
    },
  },
  {
    title: 'backup, restore: an abort half way changes nothing',
    async run({ open, refused, expect }) {
      const db = await open();
      await fill(db);
      const before = await contentOf(db);
      const directory = new MemoryBackupDirectory();
      const stop = new AbortController();
      await refused(
        db.exportBackup({ directory, signal: stop.signal, onProgress: () => stop.abort() }),
        'ABORTED',
      );
      expect(directory.files.size).toBe(0);
      await db.exportBackup({ directory });
      for (const from of ['image', 'json'] as const) {
        const stopRestore = new AbortController();
        const onProgress = (): void => stopRestore.abort();
        await refused(
          db.restoreBackup({ directory, from, force: true, signal: stopRestore.signal, onProgress }),
          'ABORTED',
        );
        expect(await contentOf(db)).toEqual(before);
      }
    },
  },
];
