import type { SkippedCase } from './describe-storage.ts';

const noJournal = 'a mirrored database has only a main file';
const noOwner = 'a mirrored database cannot be opened exclusively: it has no write-ahead log';
const noFileCalls = "SQLite's journal is in memory, so these file calls are not made";
const memoryJournal = "it needs SQLite's journal in a file, and a mirrored database has none";
const hugeFile = 'the mirror keeps changes in memory, and every commit copies them';

const indexedDbReasons: Readonly<Record<string, string>> = {
  'promise 1: files with different roles are different files': noJournal,
  'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros': hugeFile,
  'promise 3: offsets beyond 4 GiB are not truncated to 32 bits': hugeFile,
  'promise 5: syncing without changes does nothing': noJournal,
  'promise 6: a missing or empty file does not exist, a file of one byte does': noJournal,
  'promise 7: deleting removes one file, and its name can be used again': noJournal,
  'promise 7: an empty file can be deleted, once': noJournal,
  'promise 9: an exclusive open fails if the file exists, whatever its size': noJournal,
  'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact': hugeFile,
  'database: closing leaves no journal, not even an empty one': noOwner,
  'database: closing with an open transaction rolls it back and leaves no journal': noOwner,
  'database: closing with an unfinished statement leaves an ordinary file and no journal': noOwner,
  'database: `exclusive` uses a log, and closing leaves an ordinary file': noOwner,
  'database: an exported image contains the latest commit and opens elsewhere': noOwner,
  'database: an export during a transaction is refused, and the transaction goes on': noOwner,
  'sharing: an exclusive owner keeps other connections out until it closes': noOwner,
  'sharing: opening with `exclusive` waits for the transactions of other connections': noOwner,
  'refusal: a file in WAL mode stays the same, unless opened with `exclusive`': noOwner,
  "failure: the storage's own error is the cause, and the database goes on": noFileCalls,
  'failure: each error for a full disk gives SQLITE_FULL, and the next write works': noFileCalls,
  'failure: a storage that cannot be opened gives CANNOT_OPEN, with its error as the cause': memoryJournal,
};

/** Cases that do not apply to `indexedDbStorage`, within a transaction. */
export const NOT_FOR_INDEXEDDB: readonly SkippedCase[] = Object.entries(indexedDbReasons).map(
  ([title, reason]) => ({ case: title, reason }),
);

/** Cases that do not apply to `opfsStorage`, within a transaction. */
export const NOT_FOR_OPFS: readonly SkippedCase[] = [
  {
    case: 'refusal: a file in WAL mode stays the same, unless opened with `exclusive`',
    reason: 'only a killed owner leaves such a file, and its log is taken over',
  },
  {
    case: 'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros',
    reason: 'a private window keeps these files in memory, holes included',
  },
  {
    case: 'promise 3: offsets beyond 4 GiB are not truncated to 32 bits',
    reason: 'a private window keeps these files in memory, which has less room',
  },
  {
    case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
    reason: 'a gigabyte takes long to write, and the file storage writes one already',
  },
];
