import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cliEntry = fileURLToPath(new URL('../../../packages/cli/dist/ggen-sim.cjs', import.meta.url));

/** Runs SQL in native SQLite, which waits while a page reads the file. @returns its output */
export async function sqlite3(file: string, sql: string): Promise<string> {
  return (await run('sqlite3', ['-cmd', '.timeout 60000', file, sql])).stdout.trim();
}

/** Runs the command line. @returns its standard output */
export async function ggenSim(...parameters: string[]): Promise<string> {
  return (await run(process.execPath, [cliEntry, ...parameters])).stdout;
}
