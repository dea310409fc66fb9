import { openDatabase, type DurableDatabase, type Storage, type StorageFile } from '@ggen-sim/sqljs-vfs';
import { leaveWalMode } from '@ggen-sim/sqljs-vfs/internal';
import { createScratch } from '#backup/scratch';
import { backupDirectoryAt, DEFAULT_BACKUP_DIRECTORY } from '#exports/export-targets';
import { yieldToEventLoop } from '#queue/yield';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { assertNotTruncated } from '../engine/truncated-file.ts';
import { PersistenceError } from '../api/errors.ts';
import { abortable, throwIfAborted } from '../validation/abort.ts';
import { toExportError } from '../exports/export-error.ts';
import type {
  BackupDirectory,
  BackupManifest,
  BackupOptions,
  BackupReport,
  LongOperationOptions,
  RestoreOptions,
  RestoreReport,
  RowCounts,
} from '../api/persistence.ts';
import type { OperationQueue, Steps } from '../queue/operation-queue.ts';
import { checkChoice, checkRequired, invalid } from '../validation/arguments.ts';
import { migrate } from '../schema/migrator.ts';
import { assertHoldsOwnTables } from '../schema/table-check.ts';
import { TABLE_NAMES, TABLES } from '../tables/index.ts';
import { writeBackup } from './export-backup.ts';
import { IMAGE_FILE, readVerifiedManifest } from './manifest.ts';
import { copyOnline, isCopyFailure } from './online-copy.ts';
import { loadTables, onImageCopy, refuseUnlessEmpty, stageImage } from './restore-backup.ts';
import { checkImageRows, checkJsonRows } from './row-check.ts';
import type { Scratch } from './scratch.ts';

/** Export and import of the whole database: as a backup, or as the bytes of one file. */
export class Backups {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #clock: () => Date;

  constructor(connection: SqliteConnection, queue: OperationQueue, clock: () => Date) {
    this.#connection = connection;
    this.#queue = queue;
    this.#clock = clock;
  }

  async exportBackup(options: BackupOptions): Promise<BackupReport> {
    const operation = 'exportBackup';
    const directory = directoryOf(operation, options.directory ?? DEFAULT_BACKUP_DIRECTORY);
    let hasBegun = false;
    const files: Pick<BackupDirectory, 'create'> = {
      create(fileName) {
        hasBegun = true;
        return directory.create(fileName);
      },
    };
    const write = async (snapshot: SqliteConnection): Promise<BackupManifest> => {
      try {
        return await writeBackup(snapshot, files, this.#clock(), options);
      } catch (error) {
        // The queue takes an error of a file for one of SQLite.
        throw toExportError(error, operation, directory.name);
      }
    };
    try {
      const manifest = await abortable(operation, options.signal, () =>
        this.#queue.runInSteps(operation, async (steps) => {
          const written = await this.#withSnapshot(steps, options, write);
          await directory.finish();
          return written;
        }),
      );
      return { directory: directory.name, manifest };
    } catch (error) {
      // What is in the directory of a caller before the first file is not this backup's.
      if (hasBegun) await directory.discard();
      throw toExportError(error, operation, directory.name);
    }
  }

  /**
   * Runs work that reads one state of the database. It reads a copy, so that others can write meanwhile. Where there is
   * no room for a copy it reads the database itself, under one SHARED lock.
   */
  async #withSnapshot<T>(
    steps: Steps,
    options: LongOperationOptions,
    work: (snapshot: SqliteConnection) => Promise<T>,
  ): Promise<T> {
    const scratch = await this.#copyToScratch(steps, options);
    if (!scratch) return steps.readTransaction(() => work(this.#connection));
    try {
      const copy = await openDatabase(scratch.storage);
      try {
        return await work(new SqliteConnection(copy));
      } finally {
        copy.close();
      }
    } finally {
      scratch.storage.close?.();
    }
  }

  /** Copies the database. @returns undefined where a copy cannot be made, or would take the last room */
  async #copyToScratch(steps: Steps, options: LongOperationOptions): Promise<Scratch | undefined> {
    const { storage } = this.#connection.durable;
    let scratch: Scratch;
    try {
      scratch = createScratch(storage);
    } catch {
      // This user cannot write to the folder of the database.
      return undefined;
    }
    try {
      const size = await steps.read(() => this.#connection.sizeBytes());
      if (!scratch.hasRoomFor(size)) {
        scratch.storage.close?.();
        return undefined;
      }
      const target = scratch.storage.open('main', { create: true, exclusive: false, readOnly: false });
      await copyOnline(this.#connection, steps, target, options);
      target.close();
      return scratch;
    } catch (error) {
      scratch.storage.close?.();
      if (isCopyFailure(error)) return undefined;
      throw error;
    }
  }

  async restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
    const operation = 'restoreBackup';
    const directory = directoryOf(operation, options.directory);
    try {
      return await abortable(operation, options.signal, () => this.#restore(operation, directory, options));
    } catch (error) {
      throw toExportError(error, operation, directory.name);
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
    if (from === 'image') {
      await this.#replaceByImage(
        operation,
        (target) => stageImage(directory, manifest, target, options),
        options,
        (image) => (options.acceptInvalid ? undefined : checkImageRows(image, options)),
      );
    } else {
      if (!options.acceptInvalid) await checkJsonRows(directory, manifest, options);
      await this.#queue.enqueueExclusive(operation, TABLE_NAMES, () =>
        this.#queue.withWriteTransaction(async () => {
          if (!options.force) refuseUnlessEmpty(this.#connection);
          await loadTables(this.#connection, directory, manifest, this.#clock(), options);
        }),
      );
    }
    const counts = Object.fromEntries(
      TABLES.map(({ backupFile, reportKey }) => [
        reportKey,
        manifest.files.find(({ name }) => name === backupFile)?.rows ?? 0,
      ]),
    ) as unknown as RowCounts;
    return { directory: directory.name, from, ...counts };
  }

  async importImage(image: Uint8Array): Promise<void> {
    const operation = 'importImage';
    if (!(image instanceof Uint8Array)) throw invalid({ operation, name: 'image' }, image, 'a Uint8Array');
    if (image.length === 0) throw new PersistenceError('NOT_A_DATABASE', 'The image is empty', { operation });
    await this.#replaceByImage(
      operation,
      async (target) => onImageCopy(operation, () => target.write(image, 0)),
      {
        force: true,
      },
    );
  }

  /**
   * Checks an image as a separate database, then replaces this database by it in one transaction.
   * @param stage - writes the image to an empty file
   * @param check - refuses an image by its rows
   */
  async #replaceByImage(
    operation: string,
    stage: (target: StorageFile) => Promise<void>,
    { force = false, signal, onProgress }: Pick<RestoreOptions, 'force' | 'signal' | 'onProgress'>,
    check?: (image: SqliteConnection) => Promise<void> | undefined,
  ): Promise<void> {
    const { durable } = this.#connection;
    // Messages name the storage.
    const storage = {
      ...onImageCopy(operation, () => createScratch(durable.storage).storage),
      name: 'The image',
    };
    try {
      const target = onImageCopy(operation, () =>
        storage.open('main', { create: true, exclusive: false, readOnly: false }),
      );
      await stage(target);
      onImageCopy(operation, () => {
        // Native SQLite opens a database in WAL mode without its log, and no log comes with an image.
        leaveWalMode(target);
        target.close();
      });
      const source = await this.#openImage(operation, storage);
      try {
        await check?.(new SqliteConnection(source));
        const total = source.sizeBytes();
        const replace = async (): Promise<void> => {
          // A save of another process between this check and the copy would be lost, so `copyFrom` compares the counter.
          const seen = force
            ? undefined
            : this.#connection.snapshot(() => {
                refuseUnlessEmpty(this.#connection);
                return durable.changeCounter();
              });
          await durable.copyFrom(source, {
            ...(seen !== undefined && { expectedChangeCounter: seen }),
            busyDeadlineMs: this.#queue.busyDeadlineMs,
            async onStep(done) {
              throwIfAborted(operation, signal);
              onProgress?.({ stage: 'image', done, total, unit: 'bytes' });
              await yieldToEventLoop();
            },
          });
        };
        await this.#queue.enqueueExclusive(operation, TABLE_NAMES, () =>
          this.#queue.retryTransient(() => durable.writeTransaction(replace)),
        );
      } finally {
        source.close();
      }
    } finally {
      storage.close?.();
    }
  }

  /** Opens a staged image as a database of its own, checks it, and brings it to the schema of this program. */
  async #openImage(operation: string, storage: Storage): Promise<DurableDatabase> {
    let source: DurableDatabase | undefined;
    try {
      source = await openDatabase(storage);
      const copy = new SqliteConnection(source);
      assertNotTruncated(copy, operation);
      this.#refuseOtherEncoding(operation, copy);
      const [integrity] = copy.get('PRAGMA integrity_check(1)') ?? [];
      if (integrity !== 'ok') {
        throw new PersistenceError('CORRUPT', `The image is damaged: ${String(integrity)}`, { operation });
      }
      // Before the migration, which would add the tables.
      assertHoldsOwnTables(copy, operation);
      // Only this process has the copy, so the migration never waits.
      await migrate(copy, this.#clock(), performance.now());
      refuseUnknownFormat(operation, source);
      return source;
    } catch (error) {
      source?.close();
      throw toPersistenceError(error, operation);
    }
  }

  /** Refuses an image in another text encoding: a connection keeps the encoding that it opened with. */
  #refuseOtherEncoding(operation: string, copy: SqliteConnection): void {
    const [imageEncoding, ownEncoding] = [copy, this.#connection].map(
      (connection) => connection.get('PRAGMA encoding')?.[0],
    );
    if (imageEncoding === ownEncoding) return;
    throw new PersistenceError(
      'SCHEMA_MISMATCH',
      `The image stores text as ${String(imageEncoding)}, this database as ${String(ownEncoding)}`,
      { operation, hint: 'Restore the JSON files of a backup, or open the image as a separate file.' },
    );
  }
}

/**
 * Refuses a header that SQLite accepts when it opens a file, but not when the file changes under an open connection. An
 * unknown write version makes the database read-only for good; an unknown encoding makes it unreadable.
 */
function refuseUnknownFormat(operation: string, image: DurableDatabase): void {
  const header = new Uint8Array(100);
  image.readFile(header, 0);
  const [writeVersion, readVersion] = header.subarray(18, 20);
  const encoding = new DataView(header.buffer).getUint32(56);
  if (writeVersion === 1 && readVersion === 1 && encoding >= 1 && encoding <= 3) return;
  throw new PersistenceError(
    'CORRUPT',
    `The image is damaged: its format (${writeVersion}, ${readVersion}) or its encoding (${encoding}) is unknown`,
    { operation },
  );
}

function directoryOf(operation: string, directory: string | BackupDirectory | undefined): BackupDirectory {
  checkRequired(operation, { directory });
  if (typeof directory === 'string') {
    try {
      return backupDirectoryAt(directory);
    } catch (error) {
      throw toExportError(error, operation, directory);
    }
  }
  if (typeof directory?.create !== 'function' || typeof directory.open !== 'function') {
    throw invalid({ operation, name: 'directory' }, directory, 'a path or a BackupDirectory');
  }
  return directory;
}
