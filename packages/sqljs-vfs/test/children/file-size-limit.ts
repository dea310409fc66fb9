/** Argument: a path. Run under `ulimit -f`: saves rows until the limit is hit, then goes on with fewer. */
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { type SqliteError, openDatabase } from '../../src/index.ts';

// Without a handler the signal ends the process before the write can fail.
process.on('SIGXFSZ', () => {});

const opened = await openDatabase(fileStorage(process.argv[2] ?? ''));
const { database } = opened;
database.run('CREATE TABLE t(id INTEGER PRIMARY KEY, filler BLOB)');
let acknowledged = 0;
let failure: SqliteError | undefined;
while (!failure && acknowledged < 1000) {
  try {
    database.run('INSERT INTO t(filler) VALUES (randomblob(10000))');
    acknowledged++;
  } catch (error) {
    failure = error as SqliteError;
  }
}
const first = (query: string): unknown => database.exec(query)[0]?.values[0]?.[0];
const stored = first('SELECT count(*) FROM t');
database.run('DELETE FROM t WHERE id > 10');
database.run('INSERT INTO t(filler) VALUES (randomblob(10000))');
const answer = {
  resultCode: failure?.resultCode,
  cause: (failure?.cause as { code?: string } | undefined)?.code,
  lost: acknowledged - Number(stored),
  afterwards: first('SELECT count(*) FROM t'),
  integrity: first('PRAGMA integrity_check'),
};
opened.close();
process.stdout.write(JSON.stringify(answer));
