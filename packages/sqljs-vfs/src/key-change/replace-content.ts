/**
 * Replaces the content of a database file in its place, so that the file, its names, owner and permissions stay, and so do
 * the locks by which other programs know it. The journal of the change undoes what an end of the process, or a loss of
 * power, interrupts.
 */
import { LOCK_BYTE_OFFSET, lockPageOf, writeChangeJournal } from '../change-journal.ts';
import type { Storage, StorageFile } from '../contract/storage.ts';
import { SqliteError, VfsError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import { pause } from '../retry.ts';
import { PAGE_SIZE_BYTES } from './empty-database.ts';

/** The new file is written and compared in ranges of this size. */
const RANGE_SIZE_BYTES = 1024 * 1024;

/** Options of {@link replaceContent}. */
export interface ReplaceOptions {
  /** Size of a page of the old file. */
  readonly pageSizeBytes: number;
  /** Called while nothing of the file has been changed; it may end the work by an error. */
  readonly onJournal: (doneBytes: number) => Promise<void>;
  /** Called while the new content is written, and at last once it is checked; an error undoes the change. */
  readonly onContent: (doneBytes: number) => Promise<void>;
}

/**
 * Writes new content into a file.
 * @param main - the file, whose exclusive lock the caller holds
 * @throws the error of the storage or of a callback. When it was thrown after the first change of the file, the journal is
 * left, and {@link hasChangeJournal} is true
 * @throws SqliteError SQLITE_IOERR (10) when the content is replaced, and may not be durable
 */
export async function replaceContent(
  storage: Storage,
  main: StorageFile,
  content: StorageFile,
  { pageSizeBytes, onJournal, onContent }: ReplaceOptions,
): Promise<void> {
  const journal = storage.open('journal', { create: true, exclusive: false, readOnly: false });
  try {
    await writeChangeJournal(journal, main, pageSizeBytes, onJournal);
  } catch (error) {
    journal.close();
    storage.delete('journal', { syncDirectory: true });
    throw error;
  }
  journal.close();
  const sizeBytes = content.sizeBytes();
  // Page 1 comes last: until then, whoever opens the file sees the old key.
  for (const range of rangesOf(sizeBytes)) {
    main.write(readRange(content, range), range.start);
    await onContent(range.end);
  }
  clearOldPages(main, pageSizeBytes, sizeBytes);
  if (main.sizeBytes() > sizeBytes) main.truncate(sizeBytes);
  main.sync();
  main.write(readRange(content, { start: 0, end: PAGE_SIZE_BYTES }), 0);
  main.sync();
  await assertWritten(storage, main, content);
  await onContent(sizeBytes);
  try {
    storage.delete('journal', { syncDirectory: true });
  } catch (error) {
    if (storage.exists('journal')) throw error;
    throw new SqliteError(
      ResultCode.IOERR,
      `the key of ${storage.name} was changed, but a loss of power may undo it`,
      error,
    );
  }
}

/**
 * Overwrites the end of the page that SQLite keeps for its locks, which is never written: smaller pages of the old file may
 * lie there. That file's own page for locks, at the beginning, never had content.
 */
export function clearOldPages(main: StorageFile, oldPageSizeBytes: number, sizeBytes: number): void {
  const start = LOCK_BYTE_OFFSET + oldPageSizeBytes;
  const end = Math.min(LOCK_BYTE_OFFSET + PAGE_SIZE_BYTES, sizeBytes);
  if (start < end) main.write(new Uint8Array(end - start), start);
}

/** Reads the file back, as far as the operating system lets anyone do so. */
async function assertWritten(storage: Storage, main: StorageFile, content: StorageFile): Promise<void> {
  let isSame = main.sizeBytes() === content.sizeBytes();
  for (const range of [{ start: 0, end: PAGE_SIZE_BYTES }, ...rangesOf(content.sizeBytes())]) {
    isSame &&= isEqual(readRange(main, range), readRange(content, range));
    // A server in this thread goes on answering.
    await pause(0);
  }
  if (isSame) return;
  throw new VfsError('CORRUPT', `${storage.name} does not hold what was written into it`, {
    hint: 'It is written back as it was. Check the disk.',
  });
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The ranges behind page 1, without the page that SQLite keeps for its locks. */
function* rangesOf(sizeBytes: number): Generator<Range> {
  const lockStart = (lockPageOf(PAGE_SIZE_BYTES) - 1) * PAGE_SIZE_BYTES;
  for (let start = PAGE_SIZE_BYTES; start < sizeBytes;) {
    if (start === lockStart) start += PAGE_SIZE_BYTES;
    const next = start < lockStart ? Math.min(start + RANGE_SIZE_BYTES, lockStart) : start + RANGE_SIZE_BYTES;
    const end = Math.min(next, sizeBytes);
    if (end > start) yield { start, end };
    start = end;
  }
}

/** @param wanted - whole pages: words are compared much faster than bytes */
function isEqual(written: Uint8Array, wanted: Uint8Array): boolean {
  if (written.length !== wanted.length) return false;
  const [one, other] = [written, wanted].map((bytes) => new Uint32Array(bytes.buffer, 0, bytes.length / 4));
  return one?.every((word, index) => word === other?.[index]) === true;
}

function readRange(file: StorageFile, { start, end }: Range): Uint8Array {
  const bytes = new Uint8Array(end - start);
  return bytes.subarray(0, file.read(bytes, start));
}
