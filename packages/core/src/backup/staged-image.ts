/** Images of databases in a copy, where they are checked and migrated before anything of the open database changes. */
import {
  memoryStorage,
  openDatabase,
  type DurableDatabase,
  type Storage,
  type StorageFile,
} from '@ggen-sim/sqljs-vfs';
import { leaveWalMode, plainReason } from '@ggen-sim/sqljs-vfs/internal';
import { createScratch } from '#backup/scratch';
import { PersistenceError } from '../api/errors.ts';
import { toPersistenceError } from '../engine/error-mapping.ts';
import { SqliteConnection } from '../engine/sqlite-connection.ts';
import { assertNotTruncated } from '../engine/truncated-file.ts';
import { migrate } from '../schema/migrator.ts';
import { assertHoldsOwnTables } from '../schema/table-check.ts';
import { toIoError } from '../streams/io-error.ts';
import type { Scratch } from './scratch.ts';

/** Writes a piece of an image to the copy. */
export type WriteImage = (piece: Uint8Array, offset: number) => void;

/**
 * Runs work on a separate database that only this process can reach, and that ends with the work.
 * @param beside - storage of the open database
 * @param fill - writes the image; none for an empty database
 * @param work - is given the descriptor of the copy's file, where it is in one
 */
export async function withStagedImage<T>(
  beside: Storage,
  operation: string,
  fill: (write: WriteImage) => Promise<void>,
  work: (image: SqliteConnection, descriptor: number | undefined) => Promise<T>,
): Promise<T> {
  const scratch = onImageCopy(operation, () => createScratch(beside));
  // Messages name the storage.
  const storage = { ...scratch.storage, name: 'The image' };
  try {
    const target = onImageCopy(operation, () =>
      storage.open('main', { create: true, exclusive: false, readOnly: false }),
    );
    const leaveRoom = roomKeeper(operation, scratch);
    await fill((piece, offset) => {
      leaveRoom(offset);
      onImageCopy(operation, () => target.write(piece, offset));
    });
    onImageCopy(operation, () => closeStaged(target));
    const image = await openStaged(storage, operation);
    try {
      return await work(new SqliteConnection(image), scratch.descriptor);
    } finally {
      image.close();
    }
  } finally {
    storage.close?.();
  }
}

/**
 * Runs work on an empty database of this program that only this process can reach, and that ends with the work. It is beside
 * an open one, but in memory for one that is encrypted: it would be a plain one on the same disk.
 */
export async function withEmptyDatabase<T>(
  { durable }: SqliteConnection,
  operation: string,
  now: Date,
  work: (empty: SqliteConnection) => Promise<T>,
): Promise<T> {
  return withStagedImage(
    durable.encryption === 'SQLCipher 4' ? memoryStorage() : durable.storage,
    operation,
    () => Promise.resolve(),
    async (empty) => {
      await migrate(empty, now, performance.now());
      return work(empty);
    },
  );
}

/** Bytes of a copy after which it is looked again if it leaves room on the disk. */
const ROOM_STEP_BYTES = 16 * 1024 * 1024;

/**
 * Makes the check of a copy of any size, which a stream does not tell: it must not take the room that the saves of others need.
 * Small copies, and those in memory, are not checked.
 */
function roomKeeper(operation: string, scratch: Scratch): (offset: number) => void {
  let checkedAt = ROOM_STEP_BYTES;
  return (offset) => {
    if (scratch.descriptor === undefined || offset < checkedAt) return;
    checkedAt = offset + ROOM_STEP_BYTES;
    if (scratch.hasRoomFor(ROOM_STEP_BYTES)) return;
    throw new PersistenceError('DISK_FULL', `No room left for ${IMAGE_COPY}`, {
      operation,
      hint: 'Free some space, or choose another folder.',
    });
  };
}

function closeStaged(target: StorageFile): void {
  // Native SQLite opens a database in WAL mode without its log, and no log comes with an image.
  leaveWalMode(target);
  target.close();
}

async function openStaged(storage: Storage, operation: string): Promise<DurableDatabase> {
  try {
    return await openDatabase(storage);
  } catch (error) {
    throw toPersistenceError(error, operation);
  }
}

/** The database that an image is to replace, page by page. */
export interface Replaced {
  readonly connection: SqliteConnection;
  /** SQLite's name of its text encoding. */
  readonly encoding: unknown;
  /** Way out for an image that cannot replace it. */
  readonly otherWay: string;
}

/**
 * Checks that an image is one of this program, and brings it to the schema of this program.
 * @param replaced - undefined when only rows of the image are read
 * @throws {PersistenceError} `CORRUPT`, `SCHEMA_MISMATCH`, `NEWER_SCHEMA`
 */
export async function prepareImage(
  image: SqliteConnection,
  operation: string,
  now: Date,
  replaced: Replaced | undefined,
): Promise<void> {
  try {
    assertNotTruncated(image, operation);
    if (replaced) {
      refuseOtherEncoding(image, operation, replaced);
      refuseOtherPageSize(image, operation, replaced);
      refuseOtherReservedSpace(image, operation, replaced);
      refuseDamaged(image, operation);
    }
    // Before the migration, which would add the tables.
    assertHoldsOwnTables(image, operation);
    // Only this process has the copy, so the migration never waits.
    await migrate(image, now, performance.now());
    if (replaced) refuseUnknownFormat(operation, image.durable);
  } catch (error) {
    throw toPersistenceError(error, operation);
  }
}

function refuseDamaged(image: SqliteConnection, operation: string): void {
  const [integrity] = image.get('PRAGMA integrity_check(1)') ?? [];
  if (integrity === 'ok') return;
  throw new PersistenceError('CORRUPT', `The image is damaged: ${String(integrity)}`, { operation });
}

/** Refuses an image that SQLite cannot copy into a database in WAL mode, which keeps its page size. */
function refuseOtherPageSize(
  image: SqliteConnection,
  operation: string,
  { connection, otherWay }: Replaced,
): void {
  if (connection.durable.journalMode !== 'wal') return;
  const [imageBytes, ownBytes] = [image, connection].map((each) => each.get('PRAGMA page_size')?.[0]);
  if (imageBytes === ownBytes) return;
  throw new PersistenceError(
    'READ_ONLY',
    `The image has pages of ${Number(imageBytes)} bytes, this database of ${Number(ownBytes)}, which it keeps while it is exclusive`,
    { operation, hint: otherWay },
  );
}

/** Size of a page in an encrypted database, and of the space in it that SQLite leaves free. */
const ENCRYPTED_PAGE = { sizeBytes: 4096, reservedBytes: 80 } as const;
/** Where the reserved space stands in the header of a database. */
const RESERVED_OFFSET = 20;

/** Refuses an image whose pages have no room for what encryption adds to each of them. */
function refuseOtherReservedSpace(
  image: SqliteConnection,
  operation: string,
  { connection, otherWay }: Replaced,
): void {
  if (connection.durable.encryption !== 'SQLCipher 4') return;
  const reserved = new Uint8Array(1);
  image.readFile(reserved, RESERVED_OFFSET);
  const isFitting =
    image.get('PRAGMA page_size')?.[0] === ENCRYPTED_PAGE.sizeBytes &&
    reserved[0] === ENCRYPTED_PAGE.reservedBytes;
  if (isFitting) return;
  throw new PersistenceError(
    'SCHEMA_MISMATCH',
    'The image was made of a database without encryption, so its pages cannot become encrypted ones',
    { operation, hint: otherWay },
  );
}

/** Reads SQLite's name of a database's text encoding. */
export function encodingOf(connection: SqliteConnection): unknown {
  return connection.get('PRAGMA encoding')?.[0];
}

/** Refuses an image in another text encoding: a connection keeps the encoding that it opened with. */
function refuseOtherEncoding(
  image: SqliteConnection,
  operation: string,
  { encoding, otherWay }: Replaced,
): void {
  const imageEncoding = encodingOf(image);
  if (imageEncoding === encoding) return;
  throw new PersistenceError(
    'SCHEMA_MISMATCH',
    `The image stores text as ${String(imageEncoding)}, this database as ${String(encoding)}`,
    { operation, hint: otherWay },
  );
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

/** The place of a staged image, for messages. */
const IMAGE_COPY = 'a copy of the image beside the database';

/**
 * Runs a call that makes or writes the copy of an image.
 * @throws {PersistenceError} `READ_ONLY`, `DISK_FULL` or `IO_ERROR`; the message names the copy
 */
function onImageCopy<T>(operation: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const error = toIoError(cause, operation, IMAGE_COPY);
    if (error.code !== 'IO_ERROR') throw error;
    const { code } = cause as { readonly code?: unknown };
    const isRefused = ['EACCES', 'EPERM', 'EROFS'].includes(String(code));
    throw new PersistenceError(
      isRefused ? 'READ_ONLY' : 'IO_ERROR',
      `Cannot write ${IMAGE_COPY} (${plainReason(cause)})`,
      {
        operation,
        cause,
        ...(isRefused && { hint: 'Check the permissions of the folder of the database.' }),
      },
    );
  }
}
