import type { BackupDirectory, NewReceipt, Persistence } from '@ggen-sim/core';
import type { BenchReceipt } from '../dataset/rows.ts';
import type { Session } from './engine.ts';

/** Implements the interface of every engine with ggen-sim. */
export function ggenSimSession(
  db: Persistence,
  backupDirectory: (name: string) => string | BackupDirectory = (name): string => name,
): Session {
  return {
    save: (receipt) => db.saveReceipt(toNewReceipt(receipt)),
    saveTogether: (receipts) => db.saveReceipts(receipts.map(toNewReceipt)),
    logAudit: ({ agentId, operation, operationType, status, durationMs, details }) =>
      db.logAudit({ agentId, operation, operationType, status, durationMs, details }),
    getReceipt: (receiptId) => db.getReceipt(receiptId),
    latest: async (agent, limit) => (await db.queryReceipts({ agent, limit })).length,
    async analytics() {
      const { agentMetrics, receiptStatistics } = await db.analytics({ period: 'last-7-days' });
      return agentMetrics.length + receiptStatistics.length;
    },
    async stats() {
      const { receiptsTotal, auditEntries } = await db.stats();
      return { receipts: receiptsTotal, auditEntries };
    },
    exportImage: async () => (await db.exportImage()).length,
    async backup(directory) {
      const { manifest } = await db.exportBackup({ directory: backupDirectory(directory) });
      return manifest.files.reduce((rows, file) => rows + (file.rows ?? 0), 0);
    },
    close: () => db.close(),
  };
}

function toNewReceipt(receipt: BenchReceipt): NewReceipt {
  const { executionId, agentId, agentType, receiptJson, status, durationMs } = receipt;
  return { executionId, agentId, agentType, receipt: receiptJson, status, durationMs };
}
