/** Every command, in the order in which help lists them. */
import type { Command } from '../command.ts';
import { analytics } from './analytics.ts';
import { backup } from './backup.ts';
import { cleanup } from './cleanup.ts';
import { completion } from './completion.ts';
import { exportAuditTrail } from './export-audit-trail.ts';
import { getMemory } from './get-memory.ts';
import { getReceipt } from './get-receipt.ts';
import { init } from './init.ts';
import { logAudit } from './log-audit.ts';
import { queryAuditTrail } from './query-audit-trail.ts';
import { queryMemory } from './query-memory.ts';
import { queryReceipts } from './query-receipts.ts';
import { reset } from './reset.ts';
import { restore } from './restore.ts';
import { runValidation } from './run-validation.ts';
import { saveMemory } from './save-memory.ts';
import { saveReceipt } from './save-receipt.ts';
import { selfTest } from './self-test.ts';
import { shellInit } from './shell-init.ts';
import { start } from './start.ts';
import { stats } from './stats.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

/** The first words that several commands share, and what help says of them. */
export const commandGroups: Readonly<Record<string, string>> = {
  'run-agent': 'Run an agent of the simulator',
  db: 'Receipts, agent memory, audit trail: save, query, export, maintain',
};

export const commands: readonly Command[] = [
  start,
  status,
  runValidation,
  init,
  saveReceipt,
  saveMemory,
  logAudit,
  queryReceipts,
  queryMemory,
  queryAuditTrail,
  getReceipt,
  getMemory,
  exportAuditTrail,
  backup,
  restore,
  analytics,
  stats,
  cleanup,
  reset,
  verify,
  selfTest,
  shellInit,
  completion,
];
