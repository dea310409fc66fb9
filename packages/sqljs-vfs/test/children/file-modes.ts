/** Arguments: an octal umask, a path in folders that do not exist. Answers with the modes of all that was made. */
import fs from 'node:fs';
import path from 'node:path';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { openDatabase } from '../../src/index.ts';

const [umask = '022', databasePath = ''] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));
const mode = (name: string): string => (fs.statSync(name).mode & 0o7777).toString(8);

const opened = await openDatabase(fileStorage(databasePath));
opened.database.exec('CREATE TABLE t(x); BEGIN; INSERT INTO t VALUES (1)');
const inner = path.dirname(databasePath);
const modes = {
  file: mode(databasePath),
  journal: mode(`${databasePath}-journal`),
  folders: [mode(path.dirname(inner)), mode(inner)],
};
opened.close();
const owner = await openDatabase(fileStorage(databasePath), { exclusive: true });
owner.database.exec('INSERT INTO t VALUES (2)');
process.stdout.write(JSON.stringify({ ...modes, log: mode(`${databasePath}-wal`) }));
owner.close();
