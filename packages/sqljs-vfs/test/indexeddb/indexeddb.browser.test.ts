import { describe, expect, it } from 'vitest';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { describeStorage } from '../../src/testing/index.ts';
import { transactionHarness } from '../contract/transaction-harness.browser.ts';

const noJournal = 'a mirrored database has only a main file';
const noOwner = 'a mirrored database cannot be opened exclusively: it has no write-ahead log';
const noFileCalls = "SQLite's journal is in memory, so these file calls are not made";
const memoryJournal = "it needs SQLite's journal in a file, and a mirrored database has none";
const hugeFile = 'the mirror keeps the file in memory, and every commit copies its changes';

const skipped: Readonly<Record<string, string>> = {
  'promise 1: the files of a database are told apart by their role': noJournal,
  'promise 3: a hole at 1 GiB, where the lock bytes are, reads as zeros': hugeFile,
  'promise 3: offsets beyond 4 GiB are not cut to 32 bits': hugeFile,
  'promise 5: syncing with nothing to sync, and syncing again, does nothing': noJournal,
  'promise 6: a missing file and an empty one do not exist, one byte does': noJournal,
  'promise 7: a deleted file is gone, the others stay, and its name can be used again': noJournal,
  'promise 7: an empty file can be deleted, once': noJournal,
  'promise 9: making a file exclusively refuses one that exists, whatever its size': noJournal,
  'database: past 1 GiB the page with the lock bytes is left out and the file is sound': hugeFile,
  'database: no journal stays behind, not even an empty one': noOwner,
  'database: closing with an open transaction rolls it back and leaves no journal': noOwner,
  'database: closing with a statement half way leaves an ordinary file and no journal': noOwner,
  'database: with exclusive, a log instead of a journal, and an ordinary file afterwards': noOwner,
  'database: an exported image opens elsewhere, with the latest commit in it': noOwner,
  'database: an open transaction is not exported, and is not disturbed': noOwner,
  'sharing: an exclusive owner keeps everybody out until it closes': noOwner,
  'sharing: whoever wants to own a file waits until the others have gone': noOwner,
  'refusal: a file in WAL mode is left as it is, unless it is asked for exclusively': noOwner,
  "failure: a storage's own error arrives as the cause, and the database goes on": noFileCalls,
  'failure: no room left is SQLITE_FULL by every name it has, and the next save works': noFileCalls,
  'failure: a storage that cannot be opened is CANNOT_OPEN with its error as the cause': memoryJournal,
  'failure: a transaction across an attached file is refused, because no crash could undo it':
    'the storage makes the commit atomic, not a journal that could get lost',
};

// Each case runs within one write transaction of the storage, on the mirror that its connections share. After the case
// the transaction is committed, and another storage must load the same bytes.
describeStorage(
  'indexeddb, within a transaction',
  () => {
    const name = crypto.randomUUID();
    const storage = indexedDbStorage(name);
    return transactionHarness(
      storage,
      () => storage,
      () => indexedDbStorage(name),
    );
  },
  {
    framework: { describe, expect, it },
    skip: Object.entries(skipped).map(([title, reason]) => ({ case: title, reason })),
  },
);
