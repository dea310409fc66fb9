/** Arguments: a path, a name, a count. Saves so many rows with the locks of Node on macOS, each in a transaction. */
import { openDatabase, retryBusy } from '../../src/index.ts';
import { fcntlRangeLocks } from '../../src/locks/fcntl-locks.node.ts';
import { loadWithKoffi } from '../../src/locks/koffi-c-library.node.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';

const [databasePath = '', name = '', count = '0'] = process.argv.slice(2);
const DEADLINE_MS = 60_000;
const opened = await openDatabase(fileStorage(databasePath, { rangeLocks: fcntlRangeLocks(loadWithKoffi) }));
const { database } = opened;

function save(row: string): void {
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

for (let row = 0; row < Number(count); row++) await retryBusy(() => save(`${name}-${row}`), DEADLINE_MS);
opened.close();
