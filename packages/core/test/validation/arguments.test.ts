/** Wrong arguments are refused before anything is written, with a message that names them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Persistence, PersistenceError, openPersistence } from '../../src/index.ts';
import { auditOf, memoryOf, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';

async function open(): Promise<Persistence> {
  const db = await openPersistence({ storage: 'memory' });
  onTestFinished(() => db.close());
  return db;
}

/** Casts a value that a JavaScript caller can pass and a TypeScript caller cannot. */
const wrong = (value: unknown): never => value as never;

type Calls = [string, (db: Persistence) => PromiseLike<unknown>, RegExp][];

/** Returns the calls that were not refused as expected, with their outcomes. */
async function notRefused(calls: Calls): Promise<string[]> {
  const db = await open();
  const before = await db.stats();
  const wrongEnds: string[] = [];
  for (const [name, call, message] of calls) {
    const error = await rejectionOf(call(db)).catch((missing: Error) => missing);
    const refused =
      error instanceof PersistenceError && error.code === 'INVALID_ARGUMENT' && message.test(error.message);
    if (!refused) wrongEnds.push(`${name}: ${String(error)}`);
  }
  expect(await db.stats()).toEqual(before);
  return wrongEnds;
}

describe('a missing or empty argument', () => {
  it('every missing parameter is named', async () => {
    expect(
      await notRefused([
        [
          'no receipt at all',
          (db) => db.saveReceipt(wrong({})),
          /^Missing required parameters: executionId, agentId, agentType, receipt$/,
        ],
        [
          'an empty field',
          (db) => db.saveReceipt(receiptOf('e', { agentType: '' })),
          /^Missing required parameters: agentType$/,
        ],
        [
          'two empty fields',
          (db) => db.saveReceipt(receiptOf('', { receipt: '' })),
          /^Missing required parameters: executionId, receipt$/,
        ],
        [
          'a null field',
          (db) => db.saveReceipt(receiptOf('e', { agentId: wrong(null) })),
          /^Missing required parameters: agentId$/,
        ],
        [
          'memory',
          (db) => db.saveMemory(wrong({ agentType: 't' })),
          /^Missing required parameters: agentId, memory$/,
        ],
        [
          'audit',
          (db) => db.logAudit(wrong({ operationType: 'x' })),
          /^Missing required parameters: agentId, operation, status$/,
        ],
        ['receipt id', (db) => db.getReceipt(''), /^Missing required parameters: receiptId$/],
        ['agent id', (db) => db.getMemory(wrong(undefined)), /^Missing required parameters: agentId$/],
        ['restore', (db) => db.restoreBackup(wrong({})), /^Missing required parameters: directory$/],
        [
          'in a batch',
          (db) => db.record({ audits: [auditOf('o'), auditOf('')] }),
          /^Missing required parameters: operation$/,
        ],
      ]),
    ).toEqual([]);
  });

  it('null as JSON is a value, not a missing argument', async () => {
    const db = await open();
    const { receiptId } = await db.saveReceipt(receiptOf('e', { receipt: null }));
    expect(await db.getReceipt(receiptId)).toBe('null');
    await db.saveMemory(memoryOf('a', { memory: null }));
  });

  it('an empty optional text is stored as a text', async () => {
    const db = await open();
    await db.logAudit(auditOf('o', { details: '', errorMessage: '', operationType: '' }));
    expect(await db.queryAuditTrail()).toMatchObject([{ details: '', errorMessage: '', operationType: '' }]);
  });
});

const notWhole = [
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  '5',
  null,
  {},
  [],
  Object.create(null),
];

describe('an argument out of range is refused', () => {
  it('numbers', async () => {
    expect(
      await notRefused(
        notWhole.flatMap((value): Calls => [
          [
            'receipt durationMs',
            (db) => db.saveReceipt(receiptOf('e', { durationMs: wrong(value) })),
            value === null ? /durationMs/ : /^Invalid durationMs: .*whole number/,
          ],
          ['limit', (db) => db.queryReceipts({ limit: wrong(value ?? -1) }), /^Invalid limit/],
          ['audit limit', (db) => db.queryAuditTrail({ limit: wrong(value ?? -1) }), /^Invalid limit/],
          ['days', (db) => db.queryAuditTrail({ days: wrong(value ?? -1) }), /^Invalid days/],
          ['cleanup days', (db) => db.cleanup({ days: wrong(value) }), /^Invalid days/],
          ['dry run days', (db) => db.cleanup({ days: wrong(value), dryRun: true }), /^Invalid days/],
          [
            'export days',
            (db) => db.exportAuditTrail({ days: wrong(value ?? -1), output: new WritableStream() }),
            /^Invalid days/,
          ],
        ]),
      ),
    ).toEqual([]);
  });

  it('words', async () => {
    expect(
      await notRefused([
        [
          'receipt status',
          (db) => db.saveReceipt(receiptOf('e', { status: wrong('completed') })),
          /^Invalid status: "completed".*success, error, partial/,
        ],
        [
          'status in capitals',
          (db) => db.saveReceipt(receiptOf('e', { status: wrong('SUCCESS') })),
          /^Invalid status/,
        ],
        [
          'audit status',
          (db) => db.logAudit(auditOf('o', { status: wrong('success') })),
          /^Invalid status.*started, completed, failed, retry/,
        ],
        [
          'period',
          (db) => db.analytics({ period: wrong('last-7-day') }),
          /^Invalid period.*last-24-hours, last-7-days/,
        ],
        [
          'inherited name as period',
          (db) => db.analytics({ period: wrong('constructor') }),
          /^Invalid period/,
        ],
        [
          'format',
          (db) => db.exportAuditTrail({ format: wrong('xml'), output: new WritableStream() }),
          /^Invalid format.*json, ndjson, csv/,
        ],
      ]),
    ).toEqual([]);
  });

  it('types', async () => {
    expect(
      await notRefused([
        [
          'a number as id',
          (db) => db.saveReceipt(receiptOf(wrong(7))),
          /^Invalid executionId: 7\. Expected a string/,
        ],
        ['an object as agent', (db) => db.saveMemory(memoryOf(wrong({}))), /^Invalid agentId/],
        ['a number as details', (db) => db.logAudit(auditOf('o', { details: wrong(1) })), /^Invalid details/],
        ['a number as pattern', (db) => db.queryMemory({ agent: wrong(1) }), /^Invalid agent/],
        [
          'a receipt for receipts',
          (db) => db.saveReceipts(wrong(receiptOf('e'))),
          /^Invalid receipts.*array/,
        ],
        ['a memory for memories', (db) => db.saveMemories(wrong(memoryOf('a'))), /^Invalid memories.*array/],
        ['an entry for entries', (db) => db.logAudits(wrong(auditOf('o'))), /^Invalid entries.*array/],
        ['no array in a batch', (db) => db.record({ audits: wrong(auditOf('o')) }), /^Invalid audits.*array/],
        ['nothing as receipt', (db) => db.saveReceipt(wrong(undefined)), /^Invalid receipt/],
        ['null in an array', (db) => db.saveReceipts(wrong([null])), /^Invalid receipt/],
        ['nothing as memory', (db) => db.saveMemory(wrong(undefined)), /^Invalid memory/],
        ['nothing as entry', (db) => db.logAudit(wrong('text')), /^Invalid entry/],
        ['nothing as batch', (db) => db.record(wrong(undefined)), /^Invalid batch/],
        ['a number as output', (db) => db.exportAuditTrail({ output: wrong(42) }), /^Invalid output/],
        ['a number as directory', (db) => db.exportBackup({ directory: wrong(42) }), /^Invalid directory/],
        ['bytes as text', (db) => db.importImage(wrong('SQLite format 3')), /^Invalid image/],
      ]),
    ).toEqual([]);
  });
});
