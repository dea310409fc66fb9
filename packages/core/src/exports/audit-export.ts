import { exportTargetAt, newExportTargetAt } from '#exports/export-targets';
import { EXPORT_FORMATS } from '../api/audit.ts';
import type { AuditExportOptions, AuditRow, ExportReport, Progress } from '../api/persistence.ts';
import { checkChoice, invalid } from '../validation/arguments.ts';
import { toFileStamp } from '../validation/timestamps.ts';
import { auditLogTable } from '../tables/audit-log.ts';
import { abortable } from '../validation/abort.ts';
import { CallerStreams } from '../streams/caller-streams.ts';
import { writeToStream } from '../streams/write-to-stream.ts';
import { toExportError } from './export-error.ts';
import { streamTarget, type ExportTarget } from './export-target.ts';
import { encodeRows } from './row-encoding.ts';

const OPERATION = 'exportAuditTrail';
const PROGRESS_EVERY_ROWS = 1000;

/** Writes audit entries to a file or to the caller's stream. */
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
  const caller = new CallerStreams(options.signal);
  const target = targetOf(options, `./audit-export-${toFileStamp(now)}`, `.${format}`, caller);
  const counted = new RowCounter(rows, options.onProgress);
  try {
    const { bytes } = await abortable(OPERATION, options.signal, async () => {
      const chunks = encodeRows(counted, {
        format,
        columns: auditLogTable.columns,
        noHeader: options.noHeader ?? false,
        csvSafe: options.csvSafe ?? false,
      });
      const written = await writeToStream(chunks, await target.open(options.signal), options.signal);
      await target.finish();
      return written;
    });
    return { path: target.path, rows: counted.rows, bytes };
  } catch (error) {
    // Ignored: the first failure is the one to report.
    await target.discard().catch(() => undefined);
    throw toExportError(error, OPERATION, target.path);
  } finally {
    caller.release();
  }
}

/** @param defaultStem - path of the file where the caller names none, without its extension */
function targetOf(
  { output }: AuditExportOptions,
  defaultStem: string,
  extension: string,
  caller: CallerStreams,
): ExportTarget {
  if (output === undefined || typeof output === 'string') {
    try {
      return output === undefined ? newExportTargetAt(defaultStem, extension) : exportTargetAt(output);
    } catch (error) {
      throw toExportError(error, OPERATION, output ?? defaultStem + extension);
    }
  }
  if (!(output instanceof WritableStream)) {
    throw invalid({ operation: OPERATION, name: 'output' }, output, 'a path or a WritableStream');
  }
  return streamTarget(caller.target(output));
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
