import type { ExportFormat } from './audit.ts';
import type { LongOperationOptions } from './options.ts';
import type { ByteSource } from './platform-types.ts';
import type { VerifyReport } from './reports.ts';
import type { RowCounts, TableName } from './tables.ts';

/** Options of {@link Persistence.importImage} and {@link Persistence.inspectImage}. */
export interface ImageImportOptions extends LongOperationOptions {
  /** The bytes of an SQLite file, or a stream of them, of which only a part is in memory at a time. */
  readonly image: Uint8Array | ByteSource;
}

/** Result of {@link Persistence.inspectImage}. */
export interface ImageReport extends RowCounts {
  /** Tables of other programs in the file. */
  readonly otherTables: readonly string[];
  readonly verification: VerifyReport;
}

/** Options of {@link Persistence.importRows}. */
export interface RowImportOptions extends LongOperationOptions {
  readonly table: TableName;
  /**
   * Rows as text in UTF-8, also compressed with gzip: what `exportRows` or a backup has written, or rows of others under the
   * names of the columns. Rows get what they leave out: an id, the time now, `success`, version 1, a duration of 0.
   */
  readonly input: ByteSource;
  /** `json` is an array with one row per line, as exports and backups write it. @default 'ndjson' */
  readonly format?: ExportFormat;
  /** CSV: the first record is a row, and every row has all columns in the order of the table. @default false */
  readonly noHeader?: boolean;
  /** Skip rows that are stored already with the same values, so that an import can be repeated. @default false */
  readonly ifAbsent?: boolean;
  /** Count only what would be stored now, and name the lines that would be refused; store nothing. @default false */
  readonly dryRun?: boolean;
  /** Store rows as well that `verify` would name, such as those of other programs. @default false */
  readonly acceptInvalid?: boolean;
}

/** A row that was not imported. */
export interface RefusedLine {
  /** Number of the line where the row begins; the first line is 1. */
  readonly line: number;
  readonly reason: string;
}

/** Result of {@link Persistence.importRows}; of a dry run, what it would be. */
export interface ImportReport {
  /** Number of rows that were stored. */
  readonly rows: number;
  /** Number of rows that `ifAbsent` skipped. */
  readonly alreadyStored: number;
  /** Number of rows that were refused. */
  readonly refused: number;
  /** The refused rows, but at most the first 1,000. */
  readonly refusedLines: readonly RefusedLine[];
}
