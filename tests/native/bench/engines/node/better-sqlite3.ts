import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { Database, Statement } from 'better-sqlite3';
import { sqlSession } from '../sql-session.ts';
import type { NodeEngine } from './node-engine.ts';

export const betterSqlite3Truncate: NodeEngine = {
  id: 'better-sqlite3-truncate',
  title: 'better-sqlite3, TRUNCATE',
  ggenSim: false,
  durability: 'power loss: journal_mode=TRUNCATE, synchronous=FULL',
  open: (file) => openBetterSqlite3(file, 'TRUNCATE'),
};

export const betterSqlite3Wal: NodeEngine = {
  id: 'better-sqlite3-wal',
  title: 'better-sqlite3, WAL',
  ggenSim: false,
  durability: 'power loss: journal_mode=WAL, synchronous=FULL; shared with other processes',
  open: (file) => openBetterSqlite3(file, 'WAL'),
};

async function openBetterSqlite3(file: string, journalMode: string): ReturnType<NodeEngine['open']> {
  const { default: BetterSqlite3 } = await import('better-sqlite3');
  const database = new BetterSqlite3(file);
  database.pragma(`journal_mode=${journalMode}`);
  database.pragma('synchronous=FULL');
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  return sqlSession({
    run: (sql, values = []) => prepared(sql).run(...values),
    all: (sql, values = []) => prepared(sql).all(...values),
    exportImage: async () => database.serialize().length,
    backup: (directory) => backup(database, directory),
    close: () => database.close(),
  });
}

/** Does by hand what a ggen-sim backup does: streams the rows as JSON and copies with SQLite's own backup, synced. */
async function backup(database: Database, directory: string): Promise<number> {
  await mkdir(directory);
  let rows = 0;
  for (const table of ['receipts', 'agent_memory', 'audit_log']) {
    const stream = createWriteStream(path.join(directory, `${table}.json`), { flush: true });
    let [text, separator] = ['[', '\n'];
    for (const row of database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).iterate()) {
      text += separator + JSON.stringify(row);
      separator = ',\n';
      rows += 1;
      if (text.length < 1 << 20) continue;
      if (!stream.write(text)) await once(stream, 'drain');
      text = '';
    }
    stream.end(`${text}\n]\n`);
    await finished(stream);
  }
  const image = path.join(directory, 'ggen.db');
  await database.backup(image);
  const handle = await open(image, 'r+');
  await handle.sync();
  await handle.close();
  return rows;
}
