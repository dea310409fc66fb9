/** Arguments: file, name, rows, `locked` or `unlocked`. Saves rows, each in a transaction, and prints it once durable. */
import { openDatabase, retryBusy } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';

const [file, name, rows, locks] = process.argv.slice(2);

/** Locks that always succeed and exclude no other process. The race goes wrong with them. */
const noLocks = { name: 'none', tryShared: () => true, tryExclusive: () => true, unlock() {} };

let storage;
try {
  storage = fileStorage(file, locks === 'unlocked' ? { rangeLocks: noLocks } : {});
} catch (error) {
  console.error(error.code, error.hint);
  process.exit(3);
}
const opened = await openDatabase(storage);
const { database } = opened;

function save(row) {
  database.run('BEGIN IMMEDIATE');
  try {
    database.run('INSERT INTO rows VALUES (?, ?)', [row, row.repeat(40)]);
    database.run('UPDATE total SET n = n + 1');
    database.run('COMMIT');
  } catch (error) {
    database.run('ROLLBACK');
    throw error;
  }
}

for (let row = 0; row < Number(rows); row++) {
  await retryBusy(() => save(`${name}-${row}`), 60_000);
  console.log(`${name}-${row}`);
}
opened.close();
