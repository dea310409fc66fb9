import { PersistenceError } from '../api/errors.ts';
import type { ImportReport, RefusedLine, RowImportOptions } from '../api/persistence.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../api/audit.ts';
import { withEmptyDatabase } from '../backup/staged-image.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { encodeJsonValue } from '../exports/json-values.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { CallerStreams } from '../streams/caller-streams.ts';
import { chunksOf } from '../streams/chunks-of.ts';
import { decompress } from '../streams/gzip.ts';
import { toIoError } from '../streams/io-error.ts';
import { insertRowSql, isRefusedValue } from '../tables/insert-row.ts';
import { keepBytes, TextBytes } from '../tables/stored-bytes.ts';
import { selectList, type AnyTable, type WriteContext } from '../tables/table.ts';
import { abortable, throwIfAborted } from '../validation/abort.ts';
import { checkChoice, invalid } from '../validation/arguments.ts';
import { toTimestamp } from '../validation/timestamps.ts';
import { readRows } from './read-rows.ts';
import type { NewRow, PreparedRow, ReadSettings } from './row-reader.ts';

const OPERATION = 'importRows';

/** A transaction has at most so many rows, and the row that completes this size is its last. */
const BATCH_ROWS = 2000;
const BATCH_CHARACTERS = 4_000_000;

const MAX_REFUSED_LINES = 1000;

type Outcome = 'inserted' | 'already stored' | { readonly reason: string };

/**
 * Imports rows in batches, each a transaction of its own. A row that cannot be stored is refused and named; the others are
 * stored. An import that fails or is aborted has stored whole batches.
 */
export async function importRows(
  connection: SqliteConnection,
  queue: OperationQueue,
  changeLog: ChangeLog,
  table: AnyTable,
  options: RowImportOptions,
  clock: () => Date,
): Promise<ImportReport> {
  const { input, dryRun = false } = options;
  const format = checkChoice(
    { operation: OPERATION, name: 'format' },
    options.format ?? 'ndjson',
    EXPORT_FORMATS,
  );
  if (!(input instanceof ReadableStream)) {
    throw invalid({ operation: OPERATION, name: 'input' }, input, 'a ReadableStream');
  }
  const importer = new RowImporter(connection, table, options);
  if (!dryRun) {
    return storeBatches(table, format, options, clock, (rows, now) =>
      queue.enqueueWrite(OPERATION, [table.name], () =>
        connection.repeating(() =>
          importer.insertAll(rows, { connection, now, log: changeLog.noteRow }, changeLog),
        ),
      ),
    );
  }
  // Rows of the input may also refuse each other, so those that would be stored are: in an empty database.
  return withEmptyDatabase(connection, OPERATION, clock(), (scratch) => {
    const trial = new RowImporter(scratch, table, options);
    return storeBatches(table, format, options, clock, async (rows, now) => {
      const known = await queue.enqueueRead(OPERATION, () =>
        connection.snapshot(() => rows.map((row) => importer.findStored(row))),
      );
      const context = { connection: scratch, now, log: undefined };
      return scratch.transaction('write', async () =>
        scratch.repeating(() => rows.map((row, index) => known[index] ?? trial.insert(row, context))),
      );
    });
  });
}

/** Stores a batch in one transaction. */
type StoreBatch = (rows: readonly PreparedRow[], now: string) => Promise<Outcome[]>;

/** Reads rows in batches, stores each, and counts what becomes of them. */
async function storeBatches(
  table: AnyTable,
  format: ExportFormat,
  options: RowImportOptions,
  clock: () => Date,
  store: StoreBatch,
): Promise<ImportReport> {
  const { input, signal, onProgress, noHeader = false, ifAbsent = false, acceptInvalid = false } = options;
  const { dryRun = false } = options;
  const settings: ReadSettings = {
    operation: OPERATION,
    table: table.name,
    format,
    noHeader,
    acceptInvalid,
    keepsGiven: ifAbsent,
  };
  const caller = new CallerStreams(signal);
  let rows = 0;
  let alreadyStored = 0;
  let refused = 0;
  const refusedLines: RefusedLine[] = [];
  const refuse = (line: number, reason: string): void => {
    refused++;
    if (refusedLines.length < MAX_REFUSED_LINES) refusedLines.push({ line, reason });
  };
  try {
    await abortable(OPERATION, signal, async () => {
      const pieces = readable(decompress(chunksOf(caller.source(input))));
      const read = readRows(pieces, settings, () => toTimestamp(clock()), signal);
      for await (const batch of inBatches(read)) {
        throwIfAborted(OPERATION, signal);
        const now = toTimestamp(clock());
        const outcomes = await store(batch, now);
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome === 'inserted') rows++;
          else if (outcome === 'already stored') alreadyStored++;
          else refuse(batch[index]?.line ?? 0, outcome.reason);
        }
        onProgress?.({
          stage: `${dryRun ? 'check' : 'import'} ${table.name}`,
          done: rows + alreadyStored + refused,
          total: undefined,
          unit: 'rows',
        });
      }
    });
  } catch (error) {
    throw dryRun ? error : withCount(error, rows);
  } finally {
    caller.release();
    caller.abort(undefined);
  }
  return { rows, alreadyStored, refused, refusedLines };
}

/** Says how many rows an import that failed or was aborted has stored. */
function withCount(error: unknown, rows: number): unknown {
  if (!(error instanceof PersistenceError) || rows === 0) return error;
  const { code, message, cause } = error;
  return new PersistenceError(code, `${message}. ${rows} rows are imported`, {
    operation: OPERATION,
    cause,
    hint: 'Import the same input again with `ifAbsent`: rows that are stored are skipped.',
  });
}

/** Gathers the rows of one transaction after the other. */
async function* inBatches(rows: AsyncIterable<readonly PreparedRow[]>): AsyncGenerator<PreparedRow[]> {
  let batch: PreparedRow[] = [];
  let characters = 0;
  for await (const some of rows) {
    for (const row of some) {
      batch.push(row);
      characters += row.characters;
      if (batch.length < BATCH_ROWS && characters < BATCH_CHARACTERS) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Maps the failures of the input. */
async function* readable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw toIoError(error, OPERATION, 'the input');
  }
}

/** Checks and inserts the rows of one import. */
class RowImporter {
  readonly #connection: SqliteConnection;
  readonly #table: AnyTable;
  readonly #options: RowImportOptions;
  /** The statement of each INSERT. */
  readonly #inserts: Map<string, string> = new Map();

  constructor(connection: SqliteConnection, table: AnyTable, options: RowImportOptions) {
    this.#connection = connection;
    this.#table = table;
    this.#options = options;
  }

  /** Inserts rows, and notes those that come redacted. The caller holds a transaction. */
  insertAll(rows: readonly PreparedRow[], context: WriteContext, changeLog: ChangeLog): Outcome[] {
    const redacted: string[] = [];
    const outcomes = rows.map((row) => {
      const outcome = this.insert(row, context);
      if (outcome === 'inserted' && 'redactedId' in row && row.redactedId !== undefined)
        redacted.push(row.redactedId);
      return outcome;
    });
    if (changeLog.origin !== undefined) changeLog.noteImportedRedactions(this.#table.name, redacted);
    return outcomes;
  }

  /** Inserts a row. The caller holds a transaction. */
  insert(row: PreparedRow, { log }: WriteContext): Outcome {
    if ('reason' in row) return row;
    const { values } = row;
    const sql = this.#insertSql(values);
    try {
      if (this.#connection.run(sql, values) === 1) {
        const written: Pick<NewRow, 'values' | 'leaf'> = row.mayBeConverted ? this.#lastStored() : row;
        log?.({ table: this.#table.name, values: written.values, leaf: written.leaf });
        return 'inserted';
      }
    } catch (error) {
      if (!isRefusedValue(error)) throw error;
      return { reason: `it cannot be stored (${(error as Error).message})` };
    }
    return this.#outcomeOfConflict(row);
  }

  /** Reads the values of the row that was inserted last. */
  #lastStored(): { readonly values: readonly SqlValue[] } {
    const stored = this.#connection.get(
      `SELECT rowid, ${selectList(this.#table)} FROM ${this.#table.name} WHERE rowid = last_insert_rowid()`,
    );
    return { values: this.#withBytes(stored ?? []) };
  }

  /** Tells what becomes of a row whose id or unique column a stored row has; undefined where none has. */
  findStored(row: PreparedRow): Outcome | undefined {
    if ('reason' in row) return undefined;
    const { name, columns, uniqueColumn } = this.#table;
    const [id] = columns;
    const unique = columns.findIndex(({ column }) => column === uniqueColumn);
    const isStored =
      this.#connection.get(`SELECT 1 FROM ${name} WHERE ${id?.column} = ?`, [row.values[0] ?? null]) ??
      (unique === -1
        ? undefined
        : this.#connection.get(`SELECT 1 FROM ${name} WHERE ${uniqueColumn} = ?`, [
            row.values[unique] ?? null,
          ]));
    return isStored === undefined ? undefined : this.#outcomeOfConflict(row);
  }

  #outcomeOfConflict({ values, given }: NewRow): Outcome {
    return this.#options.ifAbsent === true && this.#isStored(values, given)
      ? 'already stored'
      : { reason: `a row with this ${this.#uniqueColumns()} is stored already` };
  }

  /** A text that is made for each row would be looked up among the prepared statements character by character. */
  #insertSql(values: readonly SqlValue[]): string {
    const insert = insertRowSql(this.#table, this.#connection, values);
    const sql = this.#inserts.get(insert) ?? `${insert} ON CONFLICT DO NOTHING`;
    this.#inserts.set(insert, sql);
    return sql;
  }

  #uniqueColumns(): string {
    const [id] = this.#table.columns;
    return [id?.column, this.#table.uniqueColumn].filter((column) => column !== undefined).join(' or ');
  }

  /** True when the row of this id has the values that were given. */
  #isStored(values: readonly SqlValue[], given: NewRow['given'] = []): boolean {
    const { name, columns } = this.#table;
    const [id] = columns;
    const stored = this.#connection.get(
      `SELECT rowid, ${selectList(this.#table)} FROM ${name} WHERE ${id?.column} = ?`,
      [values[0] ?? null],
    );
    if (stored === undefined) return false;
    const storedValues = this.#withBytes(stored);
    return columns.every(
      ({ column }, index) => !given.includes(column) || isSame(storedValues[index], values[index]),
    );
  }

  /** @param stored - the rowid of a row, and its values */
  #withBytes(stored: SqlValue[]): SqlValue[] {
    const columns = this.#table.columns.map(({ column }) => column);
    keepBytes(this.#connection, this.#table.name, columns, stored, 1, TextBytes);
    return stored.slice(1);
  }
}

/** A column of times turns a text of digits into a number. */
function isSame(left: SqlValue | undefined, right: SqlValue | undefined): boolean {
  return encodeJsonValue(left) === encodeJsonValue(right) || String(left) === String(right);
}
