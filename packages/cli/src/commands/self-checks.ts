/** Checks of `db test`: each tests one promise of this installation on this machine. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Persistence } from '@ggen-sim/core';
import { openDatabaseFile } from '../command-context.ts';

/** Database and program under test. The database is in a temporary directory, never the user's. */
export interface CheckedInstallation {
  readonly database: Persistence;
  readonly path: string;
  /** Directory for files that a check writes. */
  readonly directory: string;
  /** This program's file, for starting other processes. */
  readonly programPath: string;
}

/** A check, which throws if the promise does not hold. */
export interface SelfCheck {
  readonly name: string;
  readonly run: (installation: CheckedInstallation) => Promise<void>;
}

const RECEIPT = { executionId: 'exec-1', agentId: 'validator-1', agentType: 'validation' };
const RECEIPT_JSON = '{"status": "success", "n": 9007199254740993}';
const PROCESS_COUNT = 4;

/** Checks in order: later checks use rows that earlier checks stored. */
export const SELF_CHECKS: readonly SelfCheck[] = [
  {
    name: 'Database initialization',
    async run({ database, path }) {
      assert.equal((await database.stats()).receiptsTotal, 0);
      if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600, 'file mode');
    },
  },
  {
    name: 'Receipt persistence and retrieval',
    async run({ database }) {
      const { receiptId } = await database.saveReceipt({
        ...RECEIPT,
        receipt: RECEIPT_JSON,
        durationMs: 1234,
      });
      assert.equal(await database.getReceipt(receiptId), RECEIPT_JSON);
      const [row] = await database.queryReceipts({ agent: 'validator-*' });
      assert.deepEqual([row?.executionId, row?.status, row?.durationMs], ['exec-1', 'success', 1234]);
    },
  },
  {
    name: 'Receipt error handling',
    async run({ database }) {
      await assert.rejects(
        database.saveReceipt({ ...RECEIPT, executionId: 'exec-2', receipt: '{' }),
        hasCode('INVALID_JSON'),
      );
      await assert.rejects(
        database.saveReceipt({ ...RECEIPT, receipt: '{}' }),
        hasCode('DUPLICATE_EXECUTION'),
      );
      await assert.rejects(database.getReceipt('unknown'), hasCode('NOT_FOUND'));
    },
  },
  {
    name: 'Agent memory persistence',
    async run({ database }) {
      const { version } = await database.saveMemory({
        agentId: 'agent-1',
        agentType: 'validation',
        memory: '{"a": 1}',
      });
      assert.equal(version, 1);
      assert.equal(await database.getMemory('agent-1'), '{"a": 1}');
    },
  },
  {
    name: 'Agent memory updates',
    async run({ database }) {
      const { version } = await database.saveMemory({
        agentId: 'agent-1',
        agentType: 'validation',
        memory: '{"a": 2}',
      });
      assert.equal(version, 2);
      assert.equal(await database.getMemory('agent-1'), '{"a": 2}');
    },
  },
  {
    name: 'Audit logging',
    async run({ database }) {
      const entry = {
        agentId: 'agent-1',
        operation: 'render',
        status: 'failed',
        errorMessage: `it's "broken"`,
      } as const;
      await database.logAudit(entry);
      const [row] = await database.queryAuditTrail({ agent: 'agent-1' });
      assert.deepEqual(
        [row?.operation, row?.status, row?.errorMessage],
        ['render', 'failed', `it's "broken"`],
      );
    },
  },
  {
    name: 'Data export (JSON, CSV)',
    async run({ database, directory }) {
      const json = join(directory, 'audit.json');
      const csv = join(directory, 'audit.csv');
      await database.exportAuditTrail({ output: json, format: 'json' });
      await database.exportAuditTrail({ output: csv, format: 'csv' });
      const entries: unknown = JSON.parse(await readFile(json, 'utf8'));
      assert.equal(Array.isArray(entries) ? entries.length : undefined, 1);
      assert.match(await readFile(csv, 'utf8'), /^audit_id,timestamp,.*"it's ""broken"""\r\n$/su);
    },
  },
  {
    name: 'Full backup operations',
    async run({ database, directory }) {
      const backup = join(directory, 'backup');
      const { manifest } = await database.exportBackup({ directory: backup });
      const rows = manifest.files.map((file) => file.rows ?? 0).reduce((sum, count) => sum + count, 0);
      // Three rows, and four entries of the change log: the memory was saved twice.
      assert.equal(rows, 7);
      const restored = await openDatabaseFile(join(directory, 'restored.db'));
      await restored.restoreBackup({ directory: backup });
      assert.equal(await restored.getMemory('agent-1'), '{"a": 2}');
      await restored.close();
    },
  },
  {
    name: 'Analytics generation',
    async run({ database }) {
      const report = await database.analytics({ period: 'last-24-hours' });
      assert.equal(report.agentMetrics[0]?.failedOperations, 1);
      assert.equal(report.receiptStatistics[0]?.count, 1);
    },
  },
  {
    name: 'Database statistics',
    async run({ database }) {
      const { receiptsTotal, agentsTracked, auditEntries } = await database.stats();
      assert.deepEqual([receiptsTotal, agentsTracked, auditEntries], [1, 1, 1]);
    },
  },
  {
    name: 'Data cleanup',
    async run({ database, path }) {
      const lastYear = new Date(Date.now() - 365 * 86_400_000);
      const past = await openDatabaseFile(path, { clock: () => lastYear });
      await past.saveReceipt({ ...RECEIPT, executionId: 'old', receipt: '{}' });
      await past.close();
      assert.equal((await database.cleanup({ days: 90, dryRun: true })).receiptsDeleted, 1);
      assert.equal((await database.cleanup({ days: 90 })).receiptsDeleted, 1);
      assert.equal((await database.stats()).receiptsTotal, 1);
    },
  },
  {
    name: 'Database reset',
    async run({ database }) {
      await database.reset();
      const { receiptsTotal, agentsTracked, auditEntries } = await database.stats();
      assert.deepEqual([receiptsTotal, agentsTracked, auditEntries], [0, 0, 0]);
    },
  },
  {
    name: 'Concurrent access safety',
    async run({ database, path, programPath }) {
      const save = async (executionId: string): Promise<unknown> => {
        const words = ['db', 'save-receipt', executionId, 'agent-1', 'validation', '{}', '--db', path];
        return promisify(execFile)(process.execPath, [programPath, ...words]);
      };
      await Promise.all(
        Array.from({ length: PROCESS_COUNT }, async (_, index) => save(`concurrent-${index}`)),
      );
      assert.equal((await database.stats()).receiptsTotal, PROCESS_COUNT);
      const { ok, problems } = await database.verify();
      assert.ok(ok, problems[0]?.message);
    },
  },
];

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Error && 'code' in error && error.code === code;
}
