/** The real database's side of an operation. */
import { openPersistence } from '../../packages/core/src/open-persistence.ts';
import type {
  AuditRow,
  MemoryRow,
  NewAuditEntry,
  NewMemory,
  NewReceipt,
  Persistence,
  ReceiptRow,
  RecordedBatch,
} from '../../packages/core/src/api/persistence.ts';
import { agentMemoryTable } from '../../packages/core/src/tables/agent-memory.ts';
import { auditLogTable } from '../../packages/core/src/tables/audit-log.ts';
import { receiptsTable } from '../../packages/core/src/tables/receipts.ts';
import type { AnyTable } from '../../packages/core/src/tables/table.ts';
import { MemoryBackupDirectory } from '../../packages/core/src/testing/memory-backup-directory.ts';
import { collect } from '../../packages/core/src/testing/persistence-case.ts';
import type { ModelState } from './model-state.ts';
import type { AuditDraft, MemoryDraft, ModelOperation, ReceiptDraft, WriteOperation } from './operation.ts';
import { WRONG_CALLS } from './wrong-calls.ts';

/** Objects that a call needs beside its data. */
export interface RealContext {
  readonly receiptId: string;
  /** The backup to restore, empty if its slot is empty. */
  readonly directory: MemoryBackupDirectory;
  readonly image: Uint8Array;
}

/** Results of a call that later calls use. */
export interface Artifacts {
  directory?: MemoryBackupDirectory;
  image?: Uint8Array;
}

const EVERYTHING = 1_000_000;

function newReceipt({ json, ...draft }: ReceiptDraft): NewReceipt {
  return { ...draft, receipt: json.given };
}

function newMemory({ json, ...draft }: MemoryDraft): NewMemory {
  return { ...draft, memory: json.given };
}

function newAudit({ operationType, details, errorMessage, ...draft }: AuditDraft): NewAuditEntry {
  return {
    ...draft,
    ...(operationType === null ? {} : { operationType }),
    ...(details === null ? {} : { details }),
    ...(errorMessage === null ? {} : { errorMessage }),
  };
}

/** The answers of a batch for the tables that the model has. */
type ModelBatch = Pick<RecordedBatch, 'audits' | 'receipts' | 'memories'>;

async function write(db: Persistence, operation: WriteOperation): Promise<ModelBatch> {
  const receipts = operation.receipts.map(newReceipt);
  const memories = operation.memories.map(newMemory);
  const audits = operation.audits.map(newAudit);
  const nothing: ModelBatch = { audits: [], receipts: [], memories: [] };
  switch (operation.via) {
    case 'saveReceipt':
      return { ...nothing, receipts: [await db.saveReceipt(receipts[0] as NewReceipt)] };
    case 'saveReceipts':
      return { ...nothing, receipts: await db.saveReceipts(receipts) };
    case 'saveMemory':
      return { ...nothing, memories: [await db.saveMemory(memories[0] as NewMemory)] };
    case 'saveMemories':
      return { ...nothing, memories: await db.saveMemories(memories) };
    case 'logAudit':
      return { ...nothing, audits: [await db.logAudit(audits[0] as NewAuditEntry)] };
    case 'logAudits':
      return { ...nothing, audits: await db.logAudits(audits) };
    default: {
      const recorded = await db.record({ receipts, memories, audits });
      return { audits: recorded.audits, receipts: recorded.receipts, memories: recorded.memories };
    }
  }
}

function fromColumns<Row>(rows: readonly Record<string, unknown>[], table: AnyTable): Row[] {
  return rows.map(
    (row) => Object.fromEntries(table.columns.map(({ column, field }) => [field, row[column]])) as Row,
  );
}

/** Reads the rows of a backup in the order of their rowids, and checks their number against its manifest. */
function readBackup({ files }: MemoryBackupDirectory): ModelState {
  const parse = <T>(name: string): T =>
    JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(files.get(name))) as T;
  const manifest = parse<{ files: { name: string; rows: number | null }[] }>('manifest.json');
  const rowsOf = <Row>(table: AnyTable): Row[] => {
    const name = table.backupFile;
    const rows = fromColumns<Row>(parse<Record<string, unknown>[]>(name), table);
    const listed = manifest.files.find((file) => file.name === name)?.rows;
    if (rows.length !== listed) throw new Error(`${name} has ${rows.length} rows, not ${String(listed)}`);
    return rows;
  };
  return {
    receipts: rowsOf<ReceiptRow>(receiptsTable),
    memories: rowsOf<MemoryRow>(agentMemoryTable),
    audits: rowsOf<AuditRow>(auditLogTable),
  };
}

/** Reads everything in a database, each table newest first. */
export async function readContent(db: Persistence): Promise<ModelState> {
  return {
    receipts: await db.queryReceipts({ limit: EVERYTHING }),
    memories: await db.queryMemory(),
    audits: await db.queryAuditTrail({ limit: EVERYTHING, days: EVERYTHING }),
  };
}

async function readImage(image: Uint8Array): Promise<ModelState> {
  await using db = await openPersistence({ storage: 'memory', worker: false });
  await db.importImage(image);
  const directory = new MemoryBackupDirectory();
  await db.exportBackup({ directory });
  return readBackup(directory);
}

async function exported(
  db: Persistence,
  operation: Extract<ModelOperation, { kind: 'exportAuditTrail' }>,
): Promise<AuditRow[]> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const report = await db.exportAuditTrail({
    format: operation.format,
    ...(operation.agent === undefined ? {} : { agent: operation.agent }),
    ...(operation.days === undefined ? {} : { days: operation.days }),
    output: new WritableStream({ write: (chunk: Uint8Array) => void chunks.push(new Uint8Array(chunk)) }),
  });
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  if (bytes.length !== report.bytes)
    throw new Error(`${bytes.length} bytes exported, ${report.bytes} reported`);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const rows = fromColumns<AuditRow>(parseExport(text, operation.format), auditLogTable);
  if (rows.length !== report.rows) throw new Error(`${rows.length} rows exported, ${report.rows} reported`);
  return rows;
}

function parseExport(text: string, format: 'json' | 'ndjson' | 'csv'): Record<string, unknown>[] {
  if (format === 'json') return JSON.parse(text) as Record<string, unknown>[];
  if (format === 'ndjson') {
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
  const [names = [], ...lines] = parseCsv(text);
  return lines.map((cells) =>
    Object.fromEntries(
      cells.map((cell, index) => [names[index], names[index] === 'duration_ms' ? Number(cell) : cell]),
    ),
  );
}

/** Parses CSV (RFC 4180). An empty cell is NULL, the empty text is `""`. */
function parseCsv(text: string): (string | null)[][] {
  const lines: (string | null)[][] = [];
  let line: (string | null)[] = [];
  for (let index = 0; index < text.length;) {
    let cell: string | null = null;
    if (text[index] === '"') {
      cell = '';
      for (index++; !(text[index] === '"' && text[index + 1] !== '"'); index++) {
        if (text[index] === '"') index++;
        cell += text[index];
      }
      index++;
    } else {
      const end = index + text.slice(index).search(/,|\r\n/);
      cell = end === index ? null : text.slice(index, end);
      index = end;
    }
    line.push(cell);
    if (text[index] === ',') index++;
    else {
      index += 2;
      lines.push(line);
      line = [];
    }
  }
  return lines;
}

/** Leaves undefined options out, as callers do. */
function defined<Options extends object>(
  options: Options,
): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** Calls a real database. @returns the answer to compare with the model's */
export async function callReal(
  db: Persistence,
  operation: ModelOperation,
  context: RealContext,
  artifacts: Artifacts,
): Promise<unknown> {
  switch (operation.kind) {
    case 'write':
      return write(db, operation);
    case 'getReceipt':
      return db.getReceipt(context.receiptId);
    case 'getMemory':
      return db.getMemory(operation.agentId);
    case 'queryReceipts': {
      const { agent, order, limit } = operation;
      const rows = db.queryReceipts(defined({ agent, order, limit }));
      return operation.stream ? collect(rows) : rows;
    }
    case 'queryMemory': {
      const { agent, order } = operation;
      const rows = db.queryMemory(defined({ agent, order }));
      return operation.stream ? collect(rows) : rows;
    }
    case 'queryAuditTrail': {
      const { agent, order, days, limit } = operation;
      const rows = db.queryAuditTrail(defined({ agent, order, days, limit }));
      return operation.stream ? collect(rows) : rows;
    }
    case 'exportAuditTrail':
      return exported(db, operation);
    case 'analytics':
      return db.analytics(defined({ agent: operation.agent, period: operation.period }));
    case 'cleanup': {
      const { days, dryRun, aborted } = operation;
      const controller = new AbortController();
      const abort = { signal: controller.signal, onProgress: () => controller.abort() };
      return db.cleanup({ ...defined({ days, dryRun }), ...(aborted ? abort : {}) });
    }
    case 'exportBackup': {
      const directory = new MemoryBackupDirectory();
      await db.exportBackup({ directory });
      artifacts.directory = directory;
      return readBackup(directory);
    }
    case 'restoreBackup': {
      const { force, from } = operation;
      const report = await db.restoreBackup({ directory: context.directory, force, ...defined({ from }) });
      const { receipts, memories, auditEntries } = report;
      return { directory: report.directory, from: report.from, receipts, memories, auditEntries };
    }
    case 'exportImage':
      artifacts.image = await db.exportImage();
      return readImage(artifacts.image);
    case 'importImage':
      return db.importImage(context.image);
    case 'wrong':
      return WRONG_CALLS[operation.which]?.call(db);
    default:
      return db[operation.kind]();
  }
}
