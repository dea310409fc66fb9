import { exportTargetAt } from '#exports/export-targets';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { EXPORT_FORMATS } from '../api/audit.ts';
import { PersistenceError } from '../api/errors.ts';
import type { AuditExportOptions, AuditRow, ExportReport, Progress } from '../api/persistence.ts';
import { checkChoice, invalid } from '../validation/arguments.ts';
import { toFileStamp } from '../validation/timestamps.ts';
import { auditLogTable } from '../tables/audit-log.table.ts';
import { abortable } from '../validation/abort.ts';
import { sink, StreamFailure } from '../streams/write-to-stream.ts';
import { streamTarget, type ExportTarget } from './export-target.ts';
import { encodeRows } from './row-encoding.ts';

const OPERATION = 'exportAuditTrail';
const PROGRESS_EVERY_ROWS = 1000;

/** Streams audit entries to a file or a stream of the caller's. */
export async function exportAuditTrail(
  rows: AsyncIterable<AuditRow>,
  options: AuditExportOptions,
  now: Date,
): Promise<ExportReport> {
  const format = checkChoice(
    { operation: OPERATION, name: 'format' },
    options.format ?? 'json',
    EXPORT_FORMATS,
  );
  const target = targetOf(options, `./audit-export-${toFileStamp(now)}.${format}`);
  const counted = new RowCounter(rows, options.onProgress);
  try {
    const { bytes } = await abortable(OPERATION, options.signal, async () => {
      const chunks = encodeRows(counted, {
        format,
        columns: auditLogTable.columns,
        noHeader: options.noHeader ?? false,
        csvSafe: options.csvSafe ?? false,
      });
      const sunk = await sink(chunks, await target.open(), options.signal);
      await target.finish();
      return sunk;
    });
    return { path: target.path, rows: counted.rows, bytes };
  } catch (error) {
    await target.discard();
    throw fileFailure(error, OPERATION, target.path);
  }
}

function targetOf({ output }: AuditExportOptions, defaultPath: string): ExportTarget {
  if (output === undefined || typeof output === 'string') {
    const path = output ?? defaultPath;
    try {
      return exportTargetAt(path);
    } catch (error) {
      throw fileFailure(error, OPERATION, path);
    }
  }
  if (!(output instanceof WritableStream)) {
    throw invalid({ operation: OPERATION, name: 'output' }, output, 'a path or a WritableStream');
  }
  return streamTarget(output);
}

class RowCounter implements AsyncIterable<AuditRow> {
  rows = 0;
  readonly #source: AsyncIterable<AuditRow>;
  readonly #onProgress: ((progress: Progress) => void) | undefined;

  constructor(source: AsyncIterable<AuditRow>, onProgress: ((progress: Progress) => void) | undefined) {
    this.#source = source;
    this.#onProgress = onProgress;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AuditRow> {
    for await (const row of this.#source) {
      if (++this.rows % PROGRESS_EVERY_ROWS === 0) {
        this.#onProgress?.({ stage: 'audit_log', done: this.rows, total: undefined, unit: 'rows' });
      }
      yield row;
    }
  }
}

/** Says what went wrong with an export's or a backup's files: the disk's complaint, or the stream's, in our words. */
export function fileFailure(error: unknown, operation: string, path: string | null): PersistenceError {
  const isStreams = error instanceof StreamFailure;
  const cause = isStreams ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (cause instanceof PersistenceError || (typeof code !== 'string' && !isStreams)) {
    return toPersistenceError(cause, operation);
  }
  const where = path ?? 'the stream';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new PersistenceError('DISK_FULL', `No room left for ${where}`, {
      operation,
      cause,
      hint: 'Make room, or choose another place.',
    });
  }
  const verb = operation === 'restoreBackup' ? 'read' : 'write';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PersistenceError('IO_ERROR', `Cannot ${verb} ${where} (${reason})`, { operation, cause });
}
