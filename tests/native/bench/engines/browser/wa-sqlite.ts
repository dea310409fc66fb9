import type { SqlValue } from '../../dataset/statements.ts';
import { sqlSession, type SqlConnection } from '../sql-session.ts';
import type { BrowserEngine } from './browser-engine.ts';
import { fillByRows } from './fill-by-rows.ts';

const SQLITE_ROW = 100;

type CreateVfs = (this: void, name: string, module: unknown) => Promise<{ close?(): unknown }>;

/** The usual choice on IndexedDB: a transaction of IndexedDB for each of SQLite's, no journal. */
export const waSqliteIndexedDb: BrowserEngine = waSqlite(
  {
    id: 'wa-sqlite-indexeddb',
    title: 'wa-sqlite, IDBBatchAtomicVFS',
    durability: 'power loss: synchronous=FULL, strict transactions; shared between tabs',
  },
  connectIndexedDb,
);

/** Its quickest choice on IndexedDB: the whole file in memory. */
export const waSqliteMirror: BrowserEngine = waSqlite(
  {
    id: 'wa-sqlite-indexeddb-mirror',
    title: 'wa-sqlite, IDBMirrorVFS',
    durability: 'power loss: synchronous=FULL, strict transactions; shared between tabs; the file in memory',
  },
  connectMirror,
);

export const waSqlitePoolDelete: BrowserEngine = waSqlite(
  {
    id: 'wa-sqlite-opfs-delete',
    title: 'wa-sqlite, AccessHandlePoolVFS, DELETE',
    durability: 'power loss: journal_mode=DELETE, synchronous=FULL, flushed; one connection',
  },
  (name) => connectPool(name, ['PRAGMA journal_mode=DELETE', 'PRAGMA synchronous=FULL']),
);

export const waSqlitePoolWal: BrowserEngine = waSqlite(
  {
    id: 'wa-sqlite-opfs-wal',
    title: 'wa-sqlite, AccessHandlePoolVFS, WAL',
    durability:
      'power loss: journal_mode=WAL, locking_mode=EXCLUSIVE, synchronous=FULL, flushed; one connection',
  },
  (name) =>
    connectPool(name, [
      'PRAGMA locking_mode=EXCLUSIVE',
      'PRAGMA journal_mode=WAL',
      'PRAGMA synchronous=FULL',
    ]),
);

function waSqlite(
  facts: Pick<BrowserEngine, 'id' | 'title' | 'durability'>,
  connectTo: (name: string) => Promise<SqlConnection>,
): BrowserEngine {
  return {
    ...facts,
    ggenSim: false,
    host: 'worker',
    fills: 'rows',
    async fill(name, source) {
      const connection = await connectTo(name);
      await fillByRows(connection, source);
      await connection.close();
    },
    // The library asks its callers to let one call end before the next.
    open: async (name) => sqlSession(await connectTo(name), { oneAtATime: true }),
  };
}

async function connectIndexedDb(name: string): Promise<SqlConnection> {
  const [{ default: load }, { default: wasm }, { IDBBatchAtomicVFS }] = await Promise.all([
    import('@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs'),
    import('@journeyapps/wa-sqlite/dist/wa-sqlite-async.wasm?url'),
    import('@journeyapps/wa-sqlite/src/examples/IDBBatchAtomicVFS.js'),
  ]);
  const module: unknown = await load({ locateFile: () => wasm });
  // The package's types are those of an older version, which had no create().
  const { create } = IDBBatchAtomicVFS as unknown as { create: CreateVfs };
  return connect(module, await create(name, module), ['PRAGMA synchronous=FULL']);
}

async function connectMirror(name: string): Promise<SqlConnection> {
  const [{ default: load }, { default: wasm }, { IDBMirrorVFS }] = await Promise.all([
    import('@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs'),
    import('@journeyapps/wa-sqlite/dist/wa-sqlite-async.wasm?url'),
    import('@journeyapps/wa-sqlite/src/examples/IDBMirrorVFS.js'),
  ]);
  const module: unknown = await load({ locateFile: () => wasm });
  return connect(module, await IDBMirrorVFS.create(name, module), ['PRAGMA synchronous=FULL']);
}

async function connectPool(name: string, pragmas: readonly string[]): Promise<SqlConnection> {
  const [{ default: load }, { default: wasm }, { AccessHandlePoolVFS }] = await Promise.all([
    import('@journeyapps/wa-sqlite/dist/wa-sqlite.mjs'),
    import('@journeyapps/wa-sqlite/dist/wa-sqlite.wasm?url'),
    import('@journeyapps/wa-sqlite/src/examples/AccessHandlePoolVFS.js'),
  ]);
  const module: unknown = await load({ locateFile: () => wasm });
  return connect(module, await AccessHandlePoolVFS.create(name, module), pragmas);
}

async function connect(
  module: unknown,
  vfs: { close?(): unknown },
  pragmas: readonly string[],
): Promise<SqlConnection> {
  const { Factory } = await import('@journeyapps/wa-sqlite');
  const sqlite3 = Factory(module);
  sqlite3.vfs_register(vfs as SQLiteVFS, true);
  const database = await sqlite3.open_v2('bench.db');
  for (const pragma of pragmas) await sqlite3.exec(database, pragma);
  const statements = new Map<string, number>();
  const prepared = async (sql: string): Promise<number> => {
    const kept = statements.get(sql);
    if (kept !== undefined) return kept;
    for await (const statement of sqlite3.statements(database, sql, { unscoped: true })) {
      statements.set(sql, statement);
      return statement;
    }
    throw new Error(`no statement in ${sql}`);
  };
  const all = async (sql: string, values: readonly SqlValue[] = []): Promise<unknown[]> => {
    const statement = await prepared(sql);
    sqlite3.bind_collection(statement, [...values]);
    const rows: unknown[] = [];
    while ((await sqlite3.step(statement)) === SQLITE_ROW) rows.push(sqlite3.row(statement));
    await sqlite3.reset(statement);
    return rows;
  };
  return {
    run: all,
    all,
    async close() {
      for (const statement of statements.values()) await sqlite3.finalize(statement);
      await sqlite3.close(database);
      await vfs.close?.();
    },
  };
}
