import { isBusy } from '@ggen-sim/sqljs-vfs';
import { backupDirectoryAt, DEFAULT_BACKUP_DIRECTORY } from '#exports/export-targets';
import { yieldToEventLoop } from '#queue/yield';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { PersistenceError } from '../api/errors.ts';
import { abortable, throwIfAborted } from '../validation/abort.ts';
import { toExportError } from '../exports/export-error.ts';
import type {
  BackupDirectory,
  BackupManifest,
  BackupOptions,
  BackupReport,
  ImageImportOptions,
  ImageReport,
  RestoreOptions,
  RestoreReport,
  RowCounts,
} from '../api/persistence.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { checkChoice, checkRequired, invalid } from '../validation/arguments.ts';
import type { ByteSource } from '../api/platform-types.ts';
import { verifyCopy } from '../maintenance/verify.ts';
import { otherTables } from '../schema/table-check.ts';
import { CallerStreams, isBackupDirectory } from '../streams/caller-streams.ts';
import { chunksOf } from '../streams/chunks-of.ts';
import { toIoError } from '../streams/io-error.ts';
import { migrate } from '../schema/migrator.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { bringChangeLog, describeReplaced, type ReplacedRows } from './change-log-copy.ts';
import { checkRules, compareParts } from './check-backup.ts';
import { writeBackup } from './export-backup.ts';
import { IMAGE_FILE, readVerifiedManifest } from './manifest.ts';
import { copyRows, countRows, refuseUnlessEmpty, stageImage, stageRows } from './restore-backup.ts';
import { readCopy } from './snapshot.ts';
import { encodingOf, prepareImage, withStagedImage, type WriteImage } from './staged-image.ts';

/** Export and import of the whole database: as a backup, or as the bytes of one file. */
export class Backups {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #changeLog: ChangeLog;
  readonly #clock: () => Date;

  constructor(connection: SqliteConnection, queue: OperationQueue, changeLog: ChangeLog, clock: () => Date) {
    this.#connection = connection;
    this.#queue = queue;
    this.#changeLog = changeLog;
    this.#clock = clock;
  }

  async exportBackup(options: BackupOptions): Promise<BackupReport> {
    const operation = 'exportBackup';
    const caller = new CallerStreams(options.signal);
    const directory = directoryOf(operation, options.directory ?? DEFAULT_BACKUP_DIRECTORY, caller);
    const write = async (snapshot: SqliteConnection): Promise<BackupManifest> => {
      try {
        return await writeBackup(snapshot, directory, this.#clock(), options);
      } catch (error) {
        // The queue takes an error of a file for one of SQLite.
        throw toExportError(error, operation, directory.name);
      }
    };
    try {
      const manifest = await abortable(operation, options.signal, () =>
        this.#queue.runInSteps(
          operation,
          async (steps) => {
            const copied = await readCopy(this.#connection, steps, { ...options, operation }, write);
            // Where no copy can be made, the database itself is read, under one SHARED lock.
            const written = copied
              ? copied.result
              : await steps.readTransaction(() => write(this.#connection));
            await directory.finish();
            return written;
          },
          options.signal,
        ),
      );
      return { directory: directory.name, manifest };
    } catch (error) {
      // Ignored: the first failure is the one to report.
      await directory.discard().catch(() => undefined);
      throw toExportError(error, operation, directory.name);
    } finally {
      caller.release();
    }
  }

  async restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
    const operation = 'restoreBackup';
    const caller = new CallerStreams(options.signal);
    const directory = directoryOf(operation, options.directory, caller);
    try {
      return await abortable(operation, options.signal, () => this.#restore(operation, directory, options));
    } catch (error) {
      throw toExportError(error, operation, directory.name);
    } finally {
      caller.release();
    }
  }

  async #restore(
    operation: string,
    directory: BackupDirectory,
    options: RestoreOptions,
  ): Promise<RestoreReport> {
    const manifest = await readVerifiedManifest(directory, (file) => {
      throwIfAborted(operation, options.signal);
      options.onProgress?.({ stage: `verify ${file.name}`, done: 0, total: file.bytes, unit: 'bytes' });
    });
    const hasImage = manifest.files.some(({ name }) => name === IMAGE_FILE);
    const from = checkChoice({ operation, name: 'from' }, options.from ?? (hasImage ? 'image' : 'json'), [
      'image',
      'json',
    ]);
    const fill = async (write: WriteImage): Promise<void> => {
      if (hasImage || from === 'image') await stageImage(directory, manifest, write, options);
    };
    const counts = await withStagedImage(
      this.#connection.durable.storage,
      operation,
      fill,
      async (staged) => {
        if (hasImage) {
          await this.#prepare(staged, operation, from === 'image' ? OTHER_WAYS.restore : undefined);
          await compareParts(staged, directory, manifest, options);
        } else {
          await migrate(staged, this.#clock(), performance.now());
          await staged.transaction('write', () =>
            stageRows(staged, directory, manifest, this.#clock(), options),
          );
        }
        await checkRules(staged, from === 'image', options);
        if (options.dryRun === true) return this.#countRestored(staged, operation, options);
        return from === 'image'
          ? this.#replaceBy(staged, operation, options)
          : this.#loadRows(staged, operation, options);
      },
    );
    return { directory: directory.name, from, ...counts };
  }

  /** Counts what a restore would bring, or refuses what it would refuse. */
  async #countRestored(
    staged: SqliteConnection,
    operation: string,
    { force = false }: RestoreOptions,
  ): Promise<RowCounts> {
    if (!force) await this.#queue.enqueueRead(operation, () => refuseUnlessEmpty(this.#connection));
    return countRows(staged);
  }

  /** Replaces the rows by those of a staged database that was checked. The files of the backup are not read again. */
  #loadRows(staged: SqliteConnection, operation: string, options: RestoreOptions): Promise<RowCounts> {
    const load = (): Promise<RowCounts> =>
      this.#queue.withWriteTransaction(async () => {
        if (!options.force) refuseUnlessEmpty(this.#connection);
        return copyRows(staged, this.#connection, this.#changeLog, this.#clock(), options);
      });
    return this.#queue.enqueueExclusive(operation, TABLE_NAMES, load, options.signal);
  }

  async importImage(options: ImageImportOptions): Promise<void> {
    const operation = 'importImage';
    await this.#withImage(operation, options, (staged) =>
      this.#replaceBy(staged, operation, { ...options, force: true }),
    );
  }

  async inspectImage(options: ImageImportOptions): Promise<ImageReport> {
    return this.#withImage('inspectImage', options, async (staged, descriptor) => ({
      otherTables: otherTables(staged),
      ...countRows(staged),
      verification: await verifyCopy(staged, descriptor, options),
    }));
  }

  /** Runs work on a copy of an image that could replace this database. */
  async #withImage<T>(
    operation: string,
    { image, signal, onProgress }: ImageImportOptions,
    work: (staged: SqliteConnection, descriptor: number | undefined) => Promise<T>,
  ): Promise<T> {
    if (!(image instanceof Uint8Array || image instanceof ReadableStream))
      throw invalid({ operation, name: 'image' }, image, 'a Uint8Array or a ReadableStream');
    const caller = new CallerStreams(signal);
    const fill = async (write: WriteImage): Promise<void> => {
      let done = 0;
      const chunks = image instanceof Uint8Array ? [image] : readStream(caller.source(image), operation);
      for await (const chunk of chunks) {
        throwIfAborted(operation, signal);
        write(chunk, done);
        done += chunk.length;
        if (chunk !== image) onProgress?.({ stage: 'read', done, total: undefined, unit: 'bytes' });
      }
      if (done === 0) throw new PersistenceError('NOT_A_DATABASE', 'The image is empty', { operation });
      onProgress?.({ stage: 'check', done: 0, total: done, unit: 'bytes' });
    };
    try {
      return await abortable(operation, signal, () =>
        withStagedImage(this.#connection.durable.storage, operation, fill, async (staged, descriptor) => {
          await this.#prepare(staged, operation, OTHER_WAYS.import);
          await yieldToEventLoop();
          throwIfAborted(operation, signal);
          return work(staged, descriptor);
        }),
      );
    } finally {
      caller.release();
      caller.abort(undefined);
    }
  }

  /** @param otherWay - way out for an image that cannot replace this database; undefined when it is only read */
  async #prepare(image: SqliteConnection, operation: string, otherWay: string | undefined): Promise<void> {
    const encoding = await this.#queue.enqueueRead(operation, () => encodingOf(this.#connection));
    const replaced =
      otherWay === undefined ? undefined : { connection: this.#connection, encoding, otherWay };
    await prepareImage(image, operation, this.#clock(), replaced);
  }

  /** Replaces this database by another one in one transaction. */
  async #replaceBy(
    image: SqliteConnection,
    operation: string,
    options: Pick<RestoreOptions, 'force' | 'signal' | 'onProgress'>,
  ): Promise<RowCounts> {
    const { force = false, signal, onProgress } = options;
    const { durable } = this.#connection;
    const replace = async (): Promise<void> => {
      const total = image.durable.sizeBytes();
      // A save of another process between this check and the copy would be lost, so `copyFrom` compares the counter.
      const seen = force
        ? undefined
        : this.#connection.snapshot(() => {
            refuseUnlessEmpty(this.#connection);
            return durable.changeCounter();
          });
      await durable.copyFrom(image.durable, {
        ...(seen !== undefined && { expectedChangeCounter: seen }),
        busyDeadlineMs: this.#queue.busyDeadlineMs,
        signal,
        async onStep(done) {
          throwIfAborted(operation, signal);
          onProgress?.({ stage: 'image', done, total, unit: 'bytes' });
          await yieldToEventLoop();
        },
      });
    };
    const counts = countRows(image);
    const replaceAlone = async (): Promise<void> => {
      const replaced = await this.#describeReplaced();
      await image.transaction('write', () =>
        bringChangeLog(image, replaced, this.#clock, operation, options),
      );
      await this.#queue.retryTransient(() => durable.writeTransaction(replace));
    };
    await this.#queue.enqueueExclusive(operation, TABLE_NAMES, replaceAlone, signal);
    return counts;
  }

  /** Describes what is replaced. A damaged database cannot be described, and is what a restore is for. */
  async #describeReplaced(): Promise<ReplacedRows> {
    try {
      return await this.#queue.retryTransient(() =>
        this.#queue.withReadTransaction(async () => describeReplaced(this.#connection)),
      );
    } catch (error) {
      if (isBusy(error)) throw error;
      return { origin: undefined, deletions: [], holds: [] };
    }
  }
}

/** Reads the stream of an image, and maps its failures. */
async function* readStream(stream: ByteSource, operation: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunksOf(stream);
  } catch (error) {
    throw toIoError(error, operation, 'the image');
  }
}

/** Ways out for an image in another text encoding. */
const OTHER_WAYS = {
  restore: 'Restore the JSON files of the backup (`from` json), or open the image as a separate file.',
  import: 'Open the image as a separate file.',
} as const;

function directoryOf(
  operation: string,
  directory: string | BackupDirectory | undefined,
  caller: CallerStreams,
): BackupDirectory {
  checkRequired(operation, { directory });
  if (typeof directory === 'string') {
    try {
      return backupDirectoryAt(directory);
    } catch (error) {
      throw toExportError(error, operation, directory);
    }
  }
  if (!isBackupDirectory(directory)) {
    throw invalid({ operation, name: 'directory' }, directory, 'a path or a BackupDirectory');
  }
  return caller.directory(directory);
}
