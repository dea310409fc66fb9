import type { ExportFormat } from './audit.ts';
import type { RowFilters } from './filters.ts';
import type { LongOperationOptions } from './options.ts';
import type { ByteSink } from './platform-types.ts';
import type { DurationOrder, RowOrder } from './rows.ts';
import type { TableName } from './tables.ts';

/** Target and form of an export. */
export interface ExportOutput {
  /**
   * Target of the export. A path (Node only) gets a file of mode 0600 that replaces an existing file once it is
   * complete. A database, or a file beside one, is refused. A device, a pipe or an open descriptor (`/dev/fd/3`) is
   * written through. A stream of bytes is closed at the end.
   * @default a new file in the current directory in Node, named by table and time; required in a browser
   */
  readonly output?: string | ByteSink;
  /** @default 'json' */
  readonly format?: ExportFormat;
  /** Compress the output (gzip, RFC 1952). @default false */
  readonly gzip?: boolean;
  /** CSV: leave out the header row. @default false */
  readonly noHeader?: boolean;
  /** CSV: put `'` before a cell that a spreadsheet would run as a formula. @default false */
  readonly csvSafe?: boolean;
  /** JSON and NDJSON: write stored JSON as JSON, not as a string that holds it byte for byte. @default false */
  readonly rawJson?: boolean;
}

/** Options of {@link Persistence.exportRows}: the table, the filters that its query takes, and the output. */
export interface RowExportOptions extends RowFilters, ExportOutput, LongOperationOptions {
  readonly table: TableName;
  /** Audit entries: number of days to look back from now; it excludes `since`. @default every entry */
  readonly days?: number;
  /** @default 'newest-first' */
  readonly order?: RowOrder | DurationOrder;
}
