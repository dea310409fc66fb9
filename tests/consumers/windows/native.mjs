/**
 * Native SQLite in place of its shell: the one in Node. Arguments: file, `ask` and statements, or `write` and a file of
 * statements, one a line; each line is tried again while the file is busy. Prints the rows as the shell does.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const [file, verb, text] = process.argv.slice(2);
const BUSY_TIMEOUT_MS = 60_000;
const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
const lines = verb === 'ask' ? [text] : readFileSync(text, 'utf8').split('\n');
for (const line of lines.filter((candidate) => candidate !== '' && !candidate.startsWith('.'))) {
  for (const statement of line.split(';').filter((candidate) => candidate.trim() !== '')) {
    const prepared = database.prepare(statement);
    if (prepared.columns().length === 0) prepared.run();
    else for (const row of prepared.all()) console.log(Object.values(row).join('|'));
  }
}
database.close();
