/** The table that every process writes to. A row is acknowledged by its name on standard output once it is durable. */
export const SCHEMA =
  'CREATE TABLE rows(name TEXT PRIMARY KEY, filler TEXT); CREATE TABLE total(n INTEGER); INSERT INTO total VALUES (0)';

/** A transaction that writes to several pages: the row, its index, the total. */
export const INSERT = 'INSERT INTO rows VALUES (?, ?)';
export const COUNT_UP = 'UPDATE total SET n = n + 1';

/** @param {string} name */
export const fillerFor = (name) => name.repeat(40);

/** @param {string} name */
export const acknowledge = (name) => process.stdout.write(`${name}\n`);
