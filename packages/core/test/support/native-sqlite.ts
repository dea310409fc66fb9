import { spawnSync } from 'node:child_process';

/** Runs native `sqlite3` on a file. @returns its output */
export function nativeSqlite(file: string, ...commands: string[]): string {
  const { stdout, stderr, status, error } = spawnSync('sqlite3', ['-batch', file, ...commands], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`sqlite3 ended with ${status}: ${stderr}`);
  return stdout.trim();
}
