/** One call of the interface, as data. */
import type {
  AnalyticsPeriod,
  AuditStatus,
  ExportFormat,
  ReceiptStatus,
  RowOrder,
} from '../../packages/core/src/api/persistence.ts';
import { hostileTexts } from '../../packages/core/src/testing/hostile-texts.ts';
import type { Choices } from './choices.ts';
import { WRONG_CALLS } from './wrong-calls.ts';

/** JSON as a caller passes it, and the text that must be stored. */
export interface JsonSample {
  readonly given: string | { readonly [key: string]: unknown } | readonly unknown[] | null;
  readonly stored: string;
}

export interface ReceiptDraft {
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly json: JsonSample;
  readonly status: ReceiptStatus;
  readonly durationMs: number;
  readonly ifAbsent: boolean;
}

export interface MemoryDraft {
  readonly agentId: string;
  readonly agentType: string;
  readonly json: JsonSample;
}

export interface AuditDraft {
  readonly agentId: string;
  readonly operation: string;
  readonly status: AuditStatus;
  readonly durationMs: number;
  readonly operationType: string | null;
  readonly details: string | null;
  readonly errorMessage: string | null;
}

/** Writes of one transaction, by one of the methods that accept them. */
export interface WriteOperation {
  readonly kind: 'write';
  readonly via:
    | 'saveReceipt'
    | 'saveReceipts'
    | 'saveMemory'
    | 'saveMemories'
    | 'logAudit'
    | 'logAudits'
    | 'record';
  readonly receipts: readonly ReceiptDraft[];
  readonly memories: readonly MemoryDraft[];
  readonly audits: readonly AuditDraft[];
}

export type ModelOperation =
  | WriteOperation
  | { readonly kind: 'getReceipt'; readonly which: number }
  | { readonly kind: 'getMemory'; readonly agentId: string }
  | {
      readonly kind: 'queryReceipts';
      readonly agent: string | undefined;
      readonly order: RowOrder | undefined;
      readonly limit: number | undefined;
      readonly stream: boolean;
    }
  | {
      readonly kind: 'queryMemory';
      readonly agent: string | undefined;
      readonly order: RowOrder | undefined;
      readonly stream: boolean;
    }
  | {
      readonly kind: 'queryAuditTrail';
      readonly agent: string | undefined;
      readonly order: RowOrder | undefined;
      readonly days: number | undefined;
      readonly limit: number | undefined;
      readonly stream: boolean;
    }
  | {
      readonly kind: 'exportAuditTrail';
      readonly agent: string | undefined;
      readonly days: number | undefined;
      readonly format: ExportFormat;
    }
  | {
      readonly kind: 'analytics';
      readonly agent: string | undefined;
      readonly period: AnalyticsPeriod | undefined;
    }
  | { readonly kind: 'stats' | 'verify' | 'reset' | 'info' }
  | {
      readonly kind: 'cleanup';
      readonly days: number | undefined;
      readonly dryRun: boolean;
      /** Aborts the cleanup as soon as it reports that the old rows of the first table are deleted. */
      readonly aborted: boolean;
    }
  | { readonly kind: 'exportBackup' | 'exportImage' | 'importImage'; readonly slot: number }
  | {
      readonly kind: 'restoreBackup';
      readonly slot: number;
      readonly force: boolean;
      readonly from: 'image' | 'json' | undefined;
    }
  | { readonly kind: 'wrong'; readonly which: number };

/** Number of backups, and number of images, that a scenario saves. */
export const SLOTS = 2;

const { 'a megabyte': _tooBigForThousandsOfRuns, ...shortTexts } = hostileTexts;
const HOSTILE = Object.values(shortTexts) as [string, ...string[]];

const AGENTS: readonly [string, ...string[]] = ['agent-1', 'agent-2', 'AGENT-1', 'validator_1', 'välidator'];
const TYPES: readonly [string, ...string[]] = ['validation', 'generation'];
const STATUSES: readonly [ReceiptStatus, ...ReceiptStatus[]] = ['success', 'error', 'partial'];
const AUDIT_STATUSES: readonly [AuditStatus, ...AuditStatus[]] = ['completed', 'failed', 'started', 'retry'];
const PERIODS: readonly [undefined, ...AnalyticsPeriod[]] = [
  undefined,
  'last-24-hours',
  'last-7-days',
  'last-30-days',
  'last-90-days',
];

const JSON_SAMPLES: readonly [JsonSample, ...JsonSample[]] = [
  { given: '{}', stored: '{}' },
  { given: '{"ok":true}', stored: '{"ok":true}' },
  { given: ' { "spaced" : [ 1 , 2 ] }\n', stored: ' { "spaced" : [ 1 , 2 ] }\n' },
  { given: '{"a":9007199254740993,"a":1e400}', stored: '{"a":9007199254740993,"a":1e400}' },
  { given: '"\\ud800 \\u0000"', stored: '"\\ud800 \\u0000"' },
  {
    given: { b: [1, null, 'x'], a: { d: 1.5, c: false } },
    stored: '{"a":{"c":false,"d":1.5},"b":[1,null,"x"]}',
  },
  { given: null, stored: 'null' },
  { given: [], stored: '[]' },
  { given: JSON.stringify('many pages '.repeat(1200)), stored: JSON.stringify('many pages '.repeat(1200)) },
];

function drawText(choices: Choices, plain: readonly [string, ...string[]]): string {
  return choices.onceIn(6) ? choices.oneOf(HOSTILE) : choices.oneOf(plain);
}

function drawJson(choices: Choices): JsonSample {
  if (!choices.onceIn(4)) return choices.oneOf(JSON_SAMPLES);
  const text = choices.oneOf(HOSTILE);
  const stored = JSON.stringify({ [text]: text }, undefined, choices.below(3));
  return { given: stored, stored };
}

function drawReceipt(choices: Choices): ReceiptDraft {
  return {
    // Few ids, so that duplicates occur. A duplicate is identical if the other fields are the simplest choices.
    executionId: choices.onceIn(9) ? choices.oneOf(HOSTILE) : `execution-${choices.below(8)}`,
    agentId: drawText(choices, AGENTS),
    agentType: drawText(choices, TYPES),
    json: drawJson(choices),
    status: choices.oneOf(STATUSES),
    durationMs: choices.oneOf([0, 1, 7, 1234, Number.MAX_SAFE_INTEGER]),
    ifAbsent: choices.onceIn(2),
  };
}

function drawMemory(choices: Choices): MemoryDraft {
  return {
    agentId: drawText(choices, AGENTS),
    agentType: drawText(choices, TYPES),
    json: drawJson(choices),
  };
}

function drawAudit(choices: Choices): AuditDraft {
  const optional = (): string | null => (choices.onceIn(3) ? drawText(choices, ['', 'some text']) : null);
  return {
    agentId: drawText(choices, AGENTS),
    operation: drawText(choices, ['validate', 'generate']),
    status: choices.oneOf(AUDIT_STATUSES),
    durationMs: choices.oneOf([0, 3, 10, 1200]),
    operationType: optional(),
    details: optional(),
    errorMessage: optional(),
  };
}

function drawWrite(choices: Choices): WriteOperation {
  const via = choices.oneOf([
    'saveReceipt',
    'saveMemory',
    'logAudit',
    'record',
    'saveReceipts',
    'saveMemories',
    'logAudits',
  ] as const);
  const some = <Draft>(one: string, many: string, draw: () => Draft): Draft[] => {
    if (via === one) return [draw()];
    return via === many || via === 'record' ? choices.listOf(0, 3, draw) : [];
  };
  return {
    kind: 'write',
    via,
    receipts: some('saveReceipt', 'saveReceipts', () => drawReceipt(choices)),
    memories: some('saveMemory', 'saveMemories', () => drawMemory(choices)),
    audits: some('logAudit', 'logAudits', () => drawAudit(choices)),
  };
}

function drawPattern(choices: Choices): string | undefined {
  if (choices.onceIn(6)) return choices.oneOf(HOSTILE);
  return choices.oneOf([
    undefined,
    '%',
    '*',
    'agent-%',
    'a_ent-1',
    'AGENT-*',
    'validator_1',
    'v_lidator',
    '',
  ]);
}

const drawDays = (choices: Choices): number | undefined =>
  choices.oneOf([undefined, 0, 1, 7, 30, 90, 1_000_000]);
const drawOrder = (choices: Choices): RowOrder | undefined =>
  choices.oneOf([undefined, 'newest-first', 'oldest-first']);
const drawLimit = (choices: Choices): number | undefined => choices.oneOf([undefined, 0, 1, 2, 1000]);

function drawRead(choices: Choices): ModelOperation {
  const agent = drawPattern(choices);
  const stream = choices.onceIn(3);
  switch (choices.below(10)) {
    case 0:
      return { kind: 'queryReceipts', agent, order: drawOrder(choices), limit: drawLimit(choices), stream };
    case 1:
      return { kind: 'queryMemory', agent, order: drawOrder(choices), stream };
    case 2:
      return {
        kind: 'queryAuditTrail',
        agent,
        order: drawOrder(choices),
        days: drawDays(choices),
        limit: drawLimit(choices),
        stream,
      };
    case 3:
      return {
        kind: 'exportAuditTrail',
        agent,
        days: drawDays(choices),
        format: choices.oneOf(['json', 'ndjson', 'csv']),
      };
    case 4:
      return { kind: 'analytics', agent, period: choices.oneOf(PERIODS) };
    case 5:
      return { kind: 'getReceipt', which: choices.below(40) };
    case 6:
      return { kind: 'getMemory', agentId: drawText(choices, AGENTS) };
    default:
      return { kind: choices.oneOf(['stats', 'verify', 'info'] as const) };
  }
}

function drawWhole(choices: Choices): ModelOperation {
  const slot = choices.below(SLOTS);
  const kind = choices.oneOf([
    'cleanup',
    'cleanup',
    'cleanup',
    'exportBackup',
    'restoreBackup',
    'exportImage',
    'importImage',
    'reset',
  ] as const);
  switch (kind) {
    case 'cleanup': {
      const dryRun = choices.onceIn(3);
      const days = choices.onceIn(2) ? 0 : drawDays(choices);
      return { kind, days, dryRun, aborted: !dryRun && choices.onceIn(3) };
    }
    case 'restoreBackup':
      return {
        kind,
        slot,
        force: !choices.onceIn(4),
        from: choices.oneOf([undefined, 'json', 'image'] as const),
      };
    case 'reset':
      return { kind };
    default:
      return { kind, slot };
  }
}

/** Draws any operation. */
export function drawOperation(choices: Choices): ModelOperation {
  const kind = choices.below(16);
  if (kind < 8) return drawWrite(choices);
  if (kind < 12) return drawRead(choices);
  if (kind < 15) return drawWhole(choices);
  return { kind: 'wrong', which: choices.below(WRONG_CALLS.length) };
}
