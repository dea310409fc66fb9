import { exportTargetAt, newExportTargetAt } from '#exports/export-targets';
import { EXPORT_FORMATS } from '../api/audit.ts';
import type {
  ExportOutput,
  ExportReport,
  LongOperationOptions,
  Progress,
  TableName,
} from '../api/persistence.ts';
import { checkChoice, invalid } from '../validation/arguments.ts';
import { toFileStamp } from '../validation/timestamps.ts';
import type { AnyTable } from '../tables/table.ts';
import { abortable } from '../validation/abort.ts';
import { CallerStreams } from '../streams/caller-streams.ts';
import { compress } from '../streams/gzip.ts';
import { writeToStream } from '../streams/write-to-stream.ts';
import { toExportError } from './export-error.ts';
import { streamTarget, type ExportTarget } from './export-target.ts';
import { encodeRows } from './row-encoding.ts';

const PROGRESS_EVERY_ROWS = 1000;

/** An export whose rows have been chosen. */
export interface RowExport {
  readonly operation: string;
  readonly table: AnyTable;
  readonly rows: AsyncIterable<object>;
  /** Beginning of the name of the file where the caller names none. */
  readonly defaultName: string;
}

/** Writes rows to a file or to the caller's stream. */
export async function exportRows(
  { operation, table, rows, defaultName }: RowExport,
  options: ExportOutput & LongOperationOptions,
  now: Date,
): Promise<ExportReport> {
  const { signal, gzip = false } = options;
  const format = checkChoice({ operation, name: 'format' }, options.format ?? 'json', EXPORT_FORMATS);
  if (typeof gzip !== 'boolean') throw invalid({ operation, name: 'gzip' }, gzip, 'true or false');
  if (options.rawJson === true && format === 'csv') {
    throw invalid({ operation, name: 'rawJson' }, true, 'the format json or ndjson');
  }
  const caller = new CallerStreams(signal);
  const stem = `./${defaultName}-${toFileStamp(now)}`;
  const target = targetOf(operation, options, stem, `.${format}${gzip ? '.gz' : ''}`, caller);
  const counted = new RowCounter(table.name, rows, options.onProgress);
  try {
    const { bytes } = await abortable(operation, signal, async () => {
      const chunks = encodeRows(counted, {
        format,
        columns: table.columns,
        noHeader: options.noHeader ?? false,
        csvSafe: options.csvSafe ?? false,
        rawJson: options.rawJson ?? false,
      });
      const encoded = gzip ? compress(chunks) : chunks;
      const written = await writeToStream(encoded, await target.open(signal), signal);
      await target.finish();
      return written;
    });
    return { path: target.path, rows: counted.rows, bytes };
  } catch (error) {
    // Ignored: the first failure is the one to report.
    await target.discard().catch(() => undefined);
    throw toExportError(error, operation, target.path);
  } finally {
    caller.release();
  }
}

/** @param defaultStem - path of the file where the caller names none, without its extension */
function targetOf(
  operation: string,
  { output }: ExportOutput,
  defaultStem: string,
  extension: string,
  caller: CallerStreams,
): ExportTarget {
  if (output === undefined || typeof output === 'string') {
    try {
      return output === undefined
        ? newExportTargetAt(operation, defaultStem, extension)
        : exportTargetAt(operation, output);
    } catch (error) {
      throw toExportError(error, operation, output ?? defaultStem + extension);
    }
  }
  if (!(output instanceof WritableStream)) {
    throw invalid({ operation, name: 'output' }, output, 'a path or a WritableStream');
  }
  return streamTarget(caller.target(output));
}

class RowCounter implements AsyncIterable<object> {
  rows = 0;
  readonly #table: TableName;
  readonly #source: AsyncIterable<object>;
  readonly #onProgress: ((progress: Progress) => void) | undefined;

  constructor(
    table: TableName,
    source: AsyncIterable<object>,
    onProgress: ((progress: Progress) => void) | undefined,
  ) {
    this.#table = table;
    this.#source = source;
    this.#onProgress = onProgress;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<object> {
    for await (const row of this.#source) {
      if (++this.rows % PROGRESS_EVERY_ROWS === 0) {
        this.#onProgress?.({ stage: this.#table, done: this.rows, total: undefined, unit: 'rows' });
      }
      yield row;
    }
  }
}
