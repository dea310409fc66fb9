import { SQLCIPHER } from '../../../compat/sqlcipher/cipher-engine.ts';
import { KEY } from '../../dataset/encryption-key.ts';
import { sqlSession } from '../sql-session.ts';
import type { NodeEngine } from './node-engine.ts';
import { withValues } from './sqlite3-process.ts';

/** SQLCipher in one process that stays, called over a pipe, which costs it some 50 µs a call. */
export const sqlCipher: NodeEngine = {
  id: 'sqlcipher',
  title: 'SQLCipher, TRUNCATE, over a pipe',
  ggenSim: false,
  durability: 'power loss: journal_mode=TRUNCATE, synchronous=FULL',
  worksElsewhere: true,
  encrypted: true,
  compile: () => SQLCIPHER.build('-O2'),
  async open(file) {
    const shell = await SQLCIPHER.start(file, KEY, '-O2');
    await shell.run('PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL;');
    // A statement is a line, and so is a row. No value of these has the sign between columns.
    const run = (sql: string, values: Parameters<typeof withValues>[1]): Promise<string[]> =>
      shell.run(`${withValues(sql.replaceAll(/\s+/gu, ' '), values)};`);
    return sqlSession(
      {
        run: (sql, values = []) => run(sql, values),
        all: async (sql, values = []) => (await run(sql, values)).map((row) => row.split('|')),
        close: () => shell.close(),
      },
      { oneAtATime: true },
    );
  },
};
