/** Argument: a path. Owns the database, commits, begins another transaction and kills itself. */
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { openDatabase } from '../../src/index.ts';

const { database } = await openDatabase(fileStorage(process.argv[2] ?? ''), { exclusive: true });
database.exec(
  "CREATE TABLE t(x); INSERT INTO t VALUES ('committed'); BEGIN; INSERT INTO t VALUES ('not yet')",
);
process.kill(process.pid, 'SIGKILL');
