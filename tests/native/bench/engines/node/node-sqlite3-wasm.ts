import type { Statement } from 'node-sqlite3-wasm';
import { sqlSession } from '../sql-session.ts';
import type { NodeEngine } from './node-engine.ts';

/** SQLite in WebAssembly over Node's files: the nearest in kind. It has no shared memory, hence no WAL. */
export const nodeSqlite3Wasm: NodeEngine = {
  id: 'node-sqlite3-wasm',
  title: 'node-sqlite3-wasm, TRUNCATE',
  ggenSim: false,
  durability:
    'power loss: journal_mode=TRUNCATE, synchronous=FULL; locks by a folder, unknown to native SQLite',
  async open(file) {
    const { default: wasm } = await import('node-sqlite3-wasm');
    const database = new wasm.Database(file);
    database.exec('PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL;');
    const statements = new Map<string, Statement>();
    const prepared = (sql: string): Statement => {
      let statement = statements.get(sql);
      if (!statement) statements.set(sql, (statement = database.prepare(sql)));
      return statement;
    };
    return sqlSession({
      run: (sql, values = []) => prepared(sql).run(values),
      all: (sql, values = []) => prepared(sql).all(values),
      close() {
        for (const statement of statements.values()) statement.finalize();
        database.close();
      },
    });
  },
};
