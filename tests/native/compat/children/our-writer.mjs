/** Arguments: file, writer's name, rows, `locked` or `unlocked`. Saves rows, each in a transaction of its own. */
import { openDatabase, retryBusy } from '../../../../packages/sqljs-vfs/dist/index.js';
import { fileStorage } from '../../../../packages/sqljs-vfs/dist/file.js';
import { COUNT_UP, INSERT, acknowledge, fillerFor } from './rows.mjs';

const [file = '', writer = '', rows = '0', locks = 'locked'] = process.argv.slice(2);
const DEADLINE_MS = 30_000;

/** Locks that always succeed and exclude no other process. The race goes wrong with them. */
const noLocks = { name: 'none', tryShared: () => true, tryExclusive: () => true, unlock() {} };

const opened = await openDatabase(fileStorage(file, locks === 'unlocked' ? { rangeLocks: noLocks } : {}));
const { database } = opened;

/** @param {string} name */
function save(name) {
  database.run('BEGIN IMMEDIATE');
  try {
    database.run(INSERT, [name, fillerFor(name)]);
    database.run(COUNT_UP);
    database.run('COMMIT');
  } catch (error) {
    database.run('ROLLBACK');
    throw error;
  }
}

for (let row = 0; row < Number(rows); row++) {
  const name = `${writer}-${row}`;
  await retryBusy(() => save(name), DEADLINE_MS);
  acknowledge(name);
}
opened.close();
