import type { PreparedStatement, SAHPoolUtil } from '@sqlite.org/sqlite-wasm';
import { sqlSession } from '../sql-session.ts';
import type { BrowserEngine } from './browser-engine.ts';

const FILE = '/bench.db';

export const sqliteWasmDelete: BrowserEngine = sqliteWasm(
  {
    id: 'sqlite-wasm-delete',
    title: 'sqlite-wasm, opfs-sahpool, DELETE',
    durability: 'power loss: journal_mode=DELETE, synchronous=FULL, flushed; one connection',
  },
  ['journal_mode=DELETE', 'synchronous=FULL'],
);

export const sqliteWasmWal: BrowserEngine = sqliteWasm(
  {
    id: 'sqlite-wasm-wal',
    title: 'sqlite-wasm, opfs-sahpool, WAL',
    durability:
      'power loss: journal_mode=WAL, locking_mode=EXCLUSIVE, synchronous=FULL, flushed; one connection',
  },
  ['locking_mode=EXCLUSIVE', 'journal_mode=WAL', 'synchronous=FULL'],
);

function sqliteWasm(
  facts: Pick<BrowserEngine, 'id' | 'title' | 'durability'>,
  pragmas: readonly string[],
): BrowserEngine {
  return {
    ...facts,
    ggenSim: false,
    host: 'worker',
    fills: 'image',
    async fill(name, source) {
      const pool = await openPool(name);
      await pool.importDb(FILE, await source.image());
      pool.pauseVfs();
    },
    async open(name) {
      const pool = await openPool(name);
      const database = new pool.OpfsSAHPoolDb(FILE);
      for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`);
      const statements = new Map<string, PreparedStatement>();
      const prepared = (sql: string): PreparedStatement => {
        let statement = statements.get(sql);
        if (!statement) statements.set(sql, (statement = database.prepare(sql)));
        return statement;
      };
      return sqlSession({
        run(sql, values = []) {
          const statement = prepared(sql);
          if (values.length > 0) statement.bind([...values]);
          statement.stepReset();
        },
        all(sql, values = []) {
          const statement = prepared(sql);
          if (values.length > 0) statement.bind([...values]);
          const rows: unknown[] = [];
          while (statement.step()) rows.push(statement.get([]));
          statement.reset();
          return rows;
        },
        exportImage: async () => pool.exportFile(FILE).length,
        close() {
          for (const statement of statements.values()) statement.finalize();
          database.close();
        },
      });
    },
  };
}

/** Loads the library with this storage alone: the others would only make opening slower. */
async function openPool(name: string): Promise<SAHPoolUtil> {
  Object.assign(globalThis, {
    sqlite3ApiConfig: { disable: { vfs: { kvvfs: true, opfs: true, 'opfs-vfs': true, 'opfs-wl': true } } },
  });
  const { default: load } = await import('@sqlite.org/sqlite-wasm');
  const sqlite3 = await load();
  return sqlite3.installOpfsSAHPoolVfs({ name });
}
