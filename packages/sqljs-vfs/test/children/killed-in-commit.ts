/** Arguments: a path, a number of writes to the database file that succeed. Kills itself in the middle of a commit. */
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { openDatabase } from '../../src/index.ts';
import { observedStorage } from '../../src/testing/index.ts';

const [databasePath = '', successfulWrites = '0'] = process.argv.slice(2);
let writesLeft = Number.POSITIVE_INFINITY;
const storage = observedStorage(fileStorage(databasePath), ({ verb, role }) => {
  if (verb === 'write' && role === 'main' && writesLeft-- === 0) process.kill(process.pid, 'SIGKILL');
});
const { database } = await openDatabase(storage);
// A small cache spills page by page. Pages that fit into memory are written in one piece at the end.
database.run('PRAGMA cache_size = 5');
writesLeft = Number(successfulWrites);
database.run("UPDATE t SET word = 'half way'");
