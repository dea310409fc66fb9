/** Calls that must be refused with a given code, and change nothing. */
import type { PersistenceErrorCode } from '../../packages/core/src/api/errors.ts';
import type { Persistence } from '../../packages/core/src/api/persistence.ts';
import { MemoryBackupDirectory } from '../../packages/core/src/testing/memory-backup-directory.ts';
import { auditOf, memoryOf, receiptOf } from '../../packages/core/src/testing/persistence-case.ts';

/** A call with a wrong argument. */
export interface WrongCall {
  readonly title: string;
  readonly code: PersistenceErrorCode;
  call(db: Persistence): PromiseLike<unknown>;
}

const wrong = (value: unknown): never => value as never;
const aborted = { signal: AbortSignal.abort() };

function damagedImage(image: Uint8Array): Uint8Array {
  return image.slice(0, image.length - 100);
}

export const WRONG_CALLS: readonly [WrongCall, ...WrongCall[]] = [
  {
    title: 'a receipt without an agent',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.saveReceipt(receiptOf('wrong', { agentId: '' })),
  },
  {
    title: 'a receipt that is not JSON, after a valid one',
    code: 'INVALID_JSON',
    call: (db) => db.saveReceipts([receiptOf('right'), receiptOf('wrong', { receipt: '{' })]),
  },
  {
    title: 'a receipt with an unknown status',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.saveReceipt(receiptOf('wrong', { status: wrong('done') })),
  },
  {
    title: 'a receipt with a negative duration',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.saveReceipt(receiptOf('wrong', { durationMs: -1 })),
  },
  {
    title: 'half a surrogate pair',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.saveMemory(memoryOf('half \uD83D')),
  },
  {
    title: 'a batch with a memory that is not JSON',
    code: 'INVALID_JSON',
    call: (db) =>
      db.record({
        audits: [auditOf('wrong')],
        receipts: [receiptOf('wrong')],
        memories: [memoryOf('wrong', { memory: 'no' })],
      }),
  },
  {
    title: 'two receipts of one execution in a batch',
    code: 'DUPLICATE_EXECUTION',
    call: (db) => db.saveReceipts([receiptOf('twice'), receiptOf('twice', { durationMs: 1 })]),
  },
  {
    title: 'an array instead of a batch',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.record(wrong([])),
  },
  {
    title: 'an audit entry without an operation',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.logAudits([auditOf('right'), auditOf('')]),
  },
  { title: 'a negative limit', code: 'INVALID_ARGUMENT', call: (db) => db.queryReceipts({ limit: -1 }) },
  { title: 'half a day', code: 'INVALID_ARGUMENT', call: (db) => db.cleanup({ days: 0.5 }) },
  {
    title: 'an unknown period',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.analytics({ period: wrong('ever') }),
  },
  { title: 'an unknown receipt', code: 'NOT_FOUND', call: (db) => db.getReceipt('no such receipt') },
  {
    title: 'an unknown format',
    code: 'INVALID_ARGUMENT',
    call: (db) => db.exportAuditTrail({ output: new WritableStream(), format: wrong('xml') }),
  },
  {
    title: 'a stream that fails',
    code: 'IO_ERROR',
    call: (db) =>
      db.exportAuditTrail({
        output: new WritableStream({
          write: () => Promise.reject(new Error('the stream is full')),
        }),
      }),
  },
  {
    title: 'an empty backup',
    code: 'NOT_FOUND',
    call: (db) => db.restoreBackup({ directory: new MemoryBackupDirectory(), force: true }),
  },
  {
    title: 'an image that is not a database',
    code: 'NOT_A_DATABASE',
    call: (db) => db.importImage(new TextEncoder().encode('no database, '.repeat(100))),
  },
  {
    title: 'a truncated image',
    code: 'CORRUPT',
    call: async (db) => db.importImage(damagedImage(await db.exportImage())),
  },
  {
    title: 'a cleanup aborted before it began',
    code: 'ABORTED',
    call: (db) => db.cleanup({ days: 0, ...aborted }),
  },
  {
    title: 'a backup aborted in progress',
    code: 'ABORTED',
    call: (db) => {
      const controller = new AbortController();
      const directory = new MemoryBackupDirectory();
      return db.exportBackup({ directory, signal: controller.signal, onProgress: () => controller.abort() });
    },
  },
  {
    title: 'a verification aborted before it began',
    code: 'ABORTED',
    call: (db) => db.verify(aborted),
  },
];
