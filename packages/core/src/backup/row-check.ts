/**
 * Checks the rows of a backup by the rules that `verify` knows, before anything is written. The manifest's hashes only tell
 * that files belong together: whoever edits a file can write them anew.
 */
import { yieldToEventLoop } from '#queue/yield';
import type { BackupDirectory, BackupManifest, RestoreOptions } from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { importedReceipts } from '../schema/metadata.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { TABLES } from '../tables/index.ts';
import { readInRowidOrder, type RowidBatch } from '../tables/keyset-pagination.ts';
import { receiptsTable } from '../tables/receipts.ts';
import { toRow, type AnyTable } from '../tables/table.ts';
import { throwIfAborted } from '../validation/abort.ts';
import { openFile } from './manifest.ts';
import { rowValues } from './restore-backup.ts';
import { readRowLines } from './row-lines.ts';

const OPERATION = 'restoreBackup';
const BATCH_ROWS = 500;

/**
 * Checks the rows of the database image of a backup.
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export async function checkImageRows(image: SqliteConnection, options: RestoreOptions): Promise<void> {
  for (const table of TABLES) {
    const check = new RowCheck(table, importedReceipts(image), options);
    let after: Rowid = -Infinity;
    for (;;) {
      const batch: RowidBatch<object> = readInRowidOrder(image, table, after, BATCH_ROWS);
      for (const [index, row] of batch.rows.entries()) check.row(row, batch.rowids[index] ?? 0);
      if (batch.lastRowid === undefined) break;
      after = batch.lastRowid;
      check.reportProgress();
      await yieldToEventLoop();
    }
  }
}

/**
 * Checks the rows of the JSON files of a backup.
 * @throws {PersistenceError} `BACKUP_INVALID`
 */
export async function checkJsonRows(
  directory: BackupDirectory,
  manifest: BackupManifest,
  options: RestoreOptions,
): Promise<void> {
  for (const table of TABLES) {
    const check = new RowCheck(table, manifest.importedReceipts ?? 0, options);
    for await (const batch of readRowLines(await openFile(directory, table.backupFile), table.backupFile)) {
      for (const row of batch) {
        const rowNumber = check.rowsChecked + 1;
        check.row(toRow(table, rowValues(table, row, rowNumber)), rowNumber);
      }
      check.reportProgress();
    }
  }
}

class RowCheck {
  rowsChecked = 0;
  readonly #table: AnyTable;
  /** Greatest rowid or row number among imported rows, whose ids cannot be recomputed. */
  readonly #lastImported: number;
  readonly #options: RestoreOptions;

  constructor(table: AnyTable, lastImportedReceipt: number, options: RestoreOptions) {
    this.#table = table;
    this.#lastImported = table === receiptsTable ? lastImportedReceipt : -Infinity;
    this.#options = options;
  }

  row(row: object, position: Rowid): void {
    this.rowsChecked++;
    const problem = this.#table.problemOf(row, position <= this.#lastImported);
    if (problem === undefined) return;
    throw new PersistenceError(
      'BACKUP_INVALID',
      `The backup cannot be restored: row ${position} of ${this.#table.name} is invalid: ${problem}`,
      {
        operation: OPERATION,
        hint: 'Nothing was restored. If another program wrote it, restore with `acceptInvalid`.',
      },
    );
  }

  reportProgress(): void {
    const { signal, onProgress } = this.#options;
    throwIfAborted(OPERATION, signal);
    const stage = `check ${this.#table.name}`;
    onProgress?.({ stage, done: this.rowsChecked, total: undefined, unit: 'rows' });
  }
}
