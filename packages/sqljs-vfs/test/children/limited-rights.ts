/** Argument: a path. Opens, reads and writes the database, and prints the result of each. */
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { openDatabase } from '../../src/index.ts';

interface Failure {
  readonly code?: string;
  readonly resultCode?: number;
  readonly cause?: { readonly code?: string };
}

const describeFailure = (error: unknown): object => {
  const { code, resultCode, cause } = error as Failure;
  return { code, resultCode, cause: cause?.code };
};

async function attempt(databasePath: string): Promise<object> {
  let opened;
  try {
    opened = await openDatabase(fileStorage(databasePath));
  } catch (error) {
    return { open: describeFailure(error) };
  }
  const { readOnly, database } = opened;
  const rows = database.exec('SELECT x FROM t')[0]?.values.flat();
  let write: object | string = 'done';
  try {
    database.run('INSERT INTO t VALUES (2)');
  } catch (error) {
    write = describeFailure(error);
  }
  opened.close();
  return { readOnly, rows, write };
}

process.stdout.write(JSON.stringify(await attempt(process.argv[2] ?? '')));
