/** Arguments: file, writer's name, rows. The same as our writer, with better-sqlite3. */
import Database from 'better-sqlite3';
import { COUNT_UP, INSERT, acknowledge, fillerFor } from './rows.mjs';

const [file = '', writer = '', rows = '0'] = process.argv.slice(2);
const database = new Database(file, { timeout: 30_000 });
const insert = database.prepare(INSERT);
const countUp = database.prepare(COUNT_UP);
const save = database.transaction((/** @type {string} */ name) => {
  insert.run(name, fillerFor(name));
  countUp.run();
});
for (let row = 0; row < Number(rows); row++) {
  const name = `${writer}-${row}`;
  save.immediate(name);
  acknowledge(name);
}
database.close();
