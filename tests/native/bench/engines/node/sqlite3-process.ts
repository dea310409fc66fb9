import { spawn } from 'node:child_process';
import type { SqlValue } from '../../dataset/statements.ts';
import { sqlSession } from '../sql-session.ts';
import type { NodeEngine } from './node-engine.ts';

/** The native shell, a process for each call: what shell scripts do. */
export const sqlite3Process: NodeEngine = {
  id: 'sqlite3-process',
  title: 'native sqlite3, a process each',
  ggenSim: false,
  durability: 'power loss: journal_mode=TRUNCATE, synchronous=FULL',
  worksElsewhere: true,
  async open(file) {
    let group: string[] | undefined;
    return sqlSession({
      async run(sql, values = []) {
        const statement = `${withValues(sql, values)};`;
        // One process for a transaction that is put together by hand.
        if (sql === 'BEGIN') group = [];
        if (!group) return shell(file, statement);
        group.push(statement);
        if (sql !== 'COMMIT') return undefined;
        const script = group.join('\n');
        group = undefined;
        return shell(file, script);
      },
      async all(sql, values = []) {
        const text = await shell(file, `${withValues(sql, values)};`, '-json');
        return text === '' ? [] : (JSON.parse(text) as unknown[]);
      },
      close: () => undefined,
    });
  },
};

function shell(file: string, script: string, ...flags: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sqlite3', [...flags, file]);
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 && errors === '') resolve(output);
      else reject(new Error(`sqlite3 ended with code ${code}: ${errors}`));
    });
    child.stdin.end(`.timeout 30000\n.output /dev/null\nPRAGMA journal_mode=TRUNCATE;\n.output\n${script}\n`);
  });
}

/** Writes values into a statement. */
export function withValues(sql: string, values: readonly SqlValue[]): string {
  let at = 0;
  return sql.replaceAll('?', () => {
    const value = values[at++] ?? null;
    if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
    return value === null ? 'NULL' : String(value);
  });
}
