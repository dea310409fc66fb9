/** All commands. */
import type { Command } from '../command.ts';
import { analytics } from './analytics.ts';
import { attest } from './attest.ts';
import { backup } from './backup.ts';
import { decrypt, encrypt, rekey } from './change-key.ts';
import { cleanup } from './cleanup.ts';
import { checkpoint } from './checkpoint.ts';
import { completion } from './completion.ts';
import { deleteRecord } from './delete.ts';
import { exportTable } from './export.ts';
import { exportOtlp } from './export-otlp.ts';
import { exportAuditTrail } from './export-audit-trail.ts';
import { getMemory } from './get-memory.ts';
import { getReceipt } from './get-receipt.ts';
import { history } from './history.ts';
import { hold } from './hold.ts';
import { hooksDrain, hooksInstall, hooksRecord, hooksRemove, hooksStatus } from './hooks.ts';
import { importClaudeTranscript } from './import-transcript.ts';
import { importTable } from './import.ts';
import { init } from './init.ts';
import { logAudit } from './log-audit.ts';
import { mcp } from './mcp.ts';
import { memory } from './memory.ts';
import { prove } from './prove.ts';
import { queryAuditTrail } from './query-audit-trail.ts';
import { queryMemory } from './query-memory.ts';
import { queryReceipts } from './query-receipts.ts';
import { redact } from './redact.ts';
import { reset } from './reset.ts';
import { restore } from './restore.ts';
import { retention } from './retention.ts';
import { AGENT_COMMANDS } from './run-agent.ts';
import { saveMemory } from './save-memory.ts';
import { saveReceipt } from './save-receipt.ts';
import { selfTest } from './self-test.ts';
import { shellInit } from './shell-init.ts';
import { serve } from './serve.ts';
import { serveStatus } from './serve-status.ts';
import { serveStop } from './serve-stop.ts';
import { sql } from './sql.ts';
import { start } from './start.ts';
import { stats } from './stats.ts';
import { status } from './status.ts';
import { studio } from './studio.ts';
import {
  syncCheckpoint,
  syncInit,
  syncPull,
  syncPush,
  syncRenewOrigin,
  syncRun,
  syncStatus,
} from './sync.ts';
import { tail } from './tail.ts';
import { verifyAttestation } from './verify-attestation.ts';
import { verifyProof } from './verify-proof.ts';
import { verifyReceipt } from './verify-receipt.ts';
import { verify } from './verify.ts';

/** First words that several commands share, with their descriptions in the help. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  'run-agent': 'Run an agent of the simulator',
  hooks: 'Record what Claude Code does',
  sync: 'Synchronise this database with those of other machines',
  import: 'Import what other programs have recorded',
  db: 'Save, query, export and maintain receipts, agent memory and the audit trail',
};

/** All commands, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [
  start,
  status,
  ...AGENT_COMMANDS,
  verifyReceipt,
  init,
  saveReceipt,
  saveMemory,
  logAudit,
  queryReceipts,
  queryMemory,
  queryAuditTrail,
  getReceipt,
  getMemory,
  exportTable,
  importTable,
  exportAuditTrail,
  exportOtlp,
  backup,
  restore,
  analytics,
  stats,
  cleanup,
  deleteRecord,
  redact,
  hold,
  retention,
  reset,
  encrypt,
  decrypt,
  rekey,
  verify,
  history,
  memory,
  tail,
  sql,
  checkpoint,
  prove,
  verifyProof,
  attest,
  verifyAttestation,
  selfTest,
  mcp,
  studio,
  serve,
  serveStatus,
  serveStop,
  hooksInstall,
  hooksStatus,
  hooksRemove,
  hooksRecord,
  hooksDrain,
  syncInit,
  syncRun,
  syncPush,
  syncPull,
  syncStatus,
  syncCheckpoint,
  syncRenewOrigin,
  importClaudeTranscript,
  shellInit,
  completion(() => ({ commands: COMMANDS, groups: COMMAND_GROUPS })),
];
