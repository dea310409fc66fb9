/**
 * The rows every engine is given. A row follows from its index alone, so that a page and a process make the same ones
 * without sending them to each other.
 */

export interface BenchReceipt {
  readonly receiptId: string;
  readonly executionId: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly receiptJson: string;
  readonly status: 'success' | 'error' | 'partial';
  readonly createdAt: string;
  readonly durationMs: number;
}

export interface BenchAuditEntry {
  readonly auditId: string;
  readonly timestamp: string;
  readonly agentId: string;
  readonly operation: string;
  readonly operationType: string;
  readonly status: 'completed' | 'failed';
  readonly durationMs: number;
  readonly details: string;
}

/** Receipts and audit entries before the measurement: as many of each, spread evenly over a month. */
export interface Seed {
  readonly rowCount: number;
  /** The moment the newest row carries, as `Date.getTime()`. */
  readonly endMs: number;
}

/** Goes up when rows become others, so that databases made of the earlier ones are not taken for these. */
export const ROWS_VERSION = 3;
export const AGENT_COUNT = 50;
/** Ten agents of fifty. */
export const AGENT_PATTERN = 'agent-0%';
export const RECEIPT_JSON_BYTES = 600;
const SPAN_MS = 30 * 86_400_000;

export function seedReceipt(seed: Seed, index: number): BenchReceipt {
  return receipt(`seed-${index}`, index, seedTime(seed, index));
}

export function seedAuditEntry(seed: Seed, index: number): BenchAuditEntry {
  return auditEntry(`seed-${index}`, index, seedTime(seed, index));
}

/** A new receipt of this moment. @param run - unlike that of any other run on the same database */
export function newReceipt(run: string, index: number): BenchReceipt {
  return receipt(`${run}-${index}`, index, timestamp(Date.now()));
}

/** A new audit entry of this moment. */
export function newAuditEntry(run: string, index: number): BenchAuditEntry {
  return auditEntry(`${run}-${index}`, index, timestamp(Date.now()));
}

/** A moment as the tables hold it. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function receipt(name: string, index: number, createdAt: string): BenchReceipt {
  const receiptId = hexDigits(`receipt ${name}`, 64);
  return {
    receiptId,
    executionId: `execution-${name}`,
    agentId: agentId(index),
    agentType: 'validation',
    receiptJson: receiptJson(name, receiptId),
    status: index % 10 === 0 ? 'error' : index % 17 === 0 ? 'partial' : 'success',
    createdAt,
    durationMs: (index * 7919) % 5000,
  };
}

function auditEntry(name: string, index: number, at: string): BenchAuditEntry {
  return {
    auditId: uuidLike(name, index),
    timestamp: at,
    agentId: agentId(index),
    operation: 'validate',
    operationType: 'run',
    status: index % 10 === 0 ? 'failed' : 'completed',
    durationMs: (index * 104_729) % 5000,
    details: `execution-${name}`,
  };
}

function agentId(index: number): string {
  return `agent-${String(index % AGENT_COUNT).padStart(2, '0')}`;
}

function seedTime({ rowCount, endMs }: Seed, index: number): string {
  return timestamp(endMs - SPAN_MS + Math.floor(((index + 1) / rowCount) * SPAN_MS));
}

function receiptJson(name: string, digits: string): string {
  const head = `{"execution":"${name}","digest":"${digits}","violations":[],"notes":"`;
  const tail = '"}';
  return `${head}${digits.repeat(10).slice(0, RECEIPT_JSON_BYTES - head.length - tail.length)}${tail}`;
}

/** Ascends with the index, as ids of UUID version 7 do. */
function uuidLike(name: string, index: number): string {
  return `${String(index).padStart(12, '0')}-${hexDigits(`audit ${name}`, 23)}`;
}

/**
 * Digits without order, as a hash has them; it need not be hard to reverse. Two hashes of 32 bits, because among a
 * million names some would share one.
 */
function hexDigits(text: string, count: number): string {
  let [left, right] = [0x811c9dc5, 0x9747b28c];
  for (let at = 0; at < text.length; at++) {
    left = Math.imul(left ^ text.charCodeAt(at), 0x01000193);
    right = Math.imul(right ^ text.charCodeAt(at), 0x5bd1e995);
    right ^= right >>> 15;
  }
  let digits = '';
  while (digits.length < count) {
    [left, right] = [xorshift(left), xorshift(right)];
    digits += (left >>> 0).toString(16).padStart(8, '0') + (right >>> 0).toString(16).padStart(8, '0');
  }
  return digits.slice(0, count);
}

function xorshift(state: number): number {
  let next = state ^ (state << 13);
  next ^= next >>> 17;
  return next ^ (next << 5);
}
