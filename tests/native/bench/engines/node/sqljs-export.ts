import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { sqlJsConnection } from '../sqljs-connection.ts';
import { sqlSession } from '../sql-session.ts';
import type { NodeEngine } from './node-engine.ts';

/** sql.js as its documentation says: export the database and write the file, after every save. */
export const sqlJsExport: NodeEngine = {
  id: 'sqljs-export',
  title: 'sql.js, the whole file a save',
  ggenSim: false,
  durability: 'power loss: a new file, synced and renamed; two processes overwrite each other',
  maxRows: 100_000,
  async open(file) {
    const { default: initSqlJs } = await import('sql.js');
    const sqlJs = await initSqlJs();
    const connection = sqlJsConnection(new sqlJs.Database(readFileSync(file)));
    const persist = (): void => replaceFile(file, connection.image());
    return sqlSession(connection, { persist });
  },
};

function replaceFile(file: string, bytes: Uint8Array): void {
  const temporary = `${file}.new`;
  const target = openSync(temporary, 'w', 0o600);
  for (let written = 0; written < bytes.length;) written += writeSync(target, bytes, written);
  fsyncSync(target);
  closeSync(target);
  renameSync(temporary, file);
  const folder = openSync(path.dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
