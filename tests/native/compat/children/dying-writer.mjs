/**
 * Arguments: file, writer's name, before how many file operations to die (never, if not given), a key's hexadecimal digits
 * for an encrypted file. Saves two rows.
 */
import { openDatabase } from '../../../../packages/sqljs-vfs/dist/index.js';
import { fileStorage } from '../../../../packages/sqljs-vfs/dist/file.js';
import { observedStorage } from '../../../../packages/sqljs-vfs/dist/testing.js';
import { COUNT_UP, INSERT, acknowledge, fillerFor } from './rows.mjs';

const [file = '', writer = '', operations = 'Infinity', key] = process.argv.slice(2);
let operationsLeft = Number.POSITIVE_INFINITY;
const storage = observedStorage(fileStorage(file), ({ verb }) => {
  if (verb !== 'read' && verb !== 'exists' && operationsLeft-- <= 0) process.kill(process.pid, 'SIGKILL');
});
const opened = await openDatabase(storage, key === undefined ? {} : { key: Buffer.from(key, 'hex') });
// A small cache spills, so that pages reach the file before their commit does.
opened.database.run('PRAGMA cache_size = 2');
operationsLeft = Number(operations);
for (let row = 0; row < 2; row++) {
  const name = `${writer}-${row}`;
  opened.database.run('BEGIN IMMEDIATE');
  opened.database.run(INSERT, [name, fillerFor(name)]);
  opened.database.run(COUNT_UP);
  opened.database.run("UPDATE rows SET filler = filler || '.' WHERE rowid % 50 = 0");
  opened.database.run('COMMIT');
  acknowledge(name);
}
opened.close();
