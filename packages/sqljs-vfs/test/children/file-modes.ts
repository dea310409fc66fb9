/** Arguments: an octal umask, a path in missing folders. Prints the mode of every created file and folder. */
import path from 'node:path';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { openDatabase } from '../../src/index.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';

const [umask = '022', databasePath = ''] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));

const opened = await openDatabase(fileStorage(databasePath));
opened.database.exec('CREATE TABLE t(x); BEGIN; INSERT INTO t VALUES (1)');
const inner = path.dirname(databasePath);
const modes = {
  file: modeOf(databasePath),
  journal: modeOf(`${databasePath}-journal`),
  folders: [modeOf(path.dirname(inner)), modeOf(inner)],
};
opened.close();
const owner = await openDatabase(fileStorage(databasePath), { exclusive: true });
owner.database.exec('INSERT INTO t VALUES (2)');
process.stdout.write(JSON.stringify({ ...modes, log: modeOf(`${databasePath}-wal`) }));
owner.close();
