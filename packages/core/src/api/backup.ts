import type { LongOperationOptions } from './options.ts';
import type { ByteSink, ByteSource } from './platform-types.ts';
import type { RowCounts } from './tables.ts';

/** A flat folder of files that a backup is written to or read from. In Node a path can be passed instead. */
export interface BackupDirectory {
  /** Name for messages. */
  readonly name: string;
  /**
   * Creates a file. Rejects if the file exists.
   * The backup exists only after {@link BackupDirectory.finish} has resolved.
   */
  create(fileName: string): Promise<ByteSink>;
  /** Makes the created files appear together, durably. */
  finish(): Promise<void>;
  /**
   * Removes the created files after a failure. Called once their streams have ended. After an abort nothing is waited for:
   * it is called at once, and again if a call or a stream ends that was pending then.
   */
  discard(): Promise<void>;
  /** Opens a file for reading. Resolves to `undefined` if there is no such file. */
  open(fileName: string): Promise<ByteSource | undefined>;
}

/** Options of {@link Persistence.exportBackup}. */
export interface BackupOptions extends LongOperationOptions {
  /** @default './.ggen-backup' in Node; required in a browser */
  readonly directory?: string | BackupDirectory;
}

/** One file of a backup. */
export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Number of rows in the file; `null` for the database image. */
  readonly rows: number | null;
}

/** Content of a backup's `manifest.json`. */
export interface BackupManifest {
  readonly format: 'ggen-sim-backup';
  readonly formatVersion: 1;
  /** ISO 8601 with Z. */
  readonly createdAt: string;
  readonly schemaVersion: number;
  readonly programVersion: string;
  /** Receipts that another program wrote, whose ids cannot be recomputed; see {@link VerifyReport}. */
  readonly importedReceipts: number;
  /**
   * True where a text that is not UTF-8 is `{"text":{"base64":"…"}}` in the JSON files. Missing in older backups, which
   * write it as a BLOB, `{"base64":"…"}`.
   */
  readonly typedText?: true;
  readonly files: readonly BackupFile[];
}

/** Result of a backup. */
export interface BackupReport {
  /** The folder written. */
  readonly directory: string;
  readonly manifest: BackupManifest;
}

/** Options of {@link Persistence.restoreBackup}. */
export interface RestoreOptions extends LongOperationOptions {
  readonly directory: string | BackupDirectory;
  /**
   * Replace the stored rows. Without it, a database that holds any row is left unchanged (`ALREADY_EXISTS`).
   * @default false
   */
  readonly force?: boolean;
  /** Check the backup as before a restore, and count its rows; restore nothing. @default false */
  readonly dryRun?: boolean;
  /**
   * Restore rows that break a rule of `verify` as well: a receipt whose id is not that of its content, an unknown status, a
   * time that is none. Only other programs write such rows. `verify` names them afterwards.
   * @default false: `BACKUP_INVALID`, and nothing is written
   */
  readonly acceptInvalid?: boolean;
  /**
   * Restore from the database image, or from the JSON files. Both are compared in any case.
   * @default 'image' if the backup has one
   */
  readonly from?: 'image' | 'json';
}

/** Result of a restore, with the number of rows restored to each table, or of a dry run, with those of the backup. */
export interface RestoreReport extends RowCounts {
  readonly directory: string;
  readonly from: 'image' | 'json';
}
