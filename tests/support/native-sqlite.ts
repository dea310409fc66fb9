import { spawnSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Runs Debian's `sqlite3` on a file; each argument is a statement or a dot-command. @returns its output */
export function nativeSqlite(databasePath: string, ...commands: string[]): string {
  const { stdout, stderr, status, error } = spawnSync('sqlite3', ['-batch', databasePath, ...commands], {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`sqlite3 ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** Runs statements in native `sqlite3`, then kills it with SIGKILL. */
export function killNativeSqlite(databasePath: string, ...commands: string[]): void {
  const { signal } = spawnSync('sqlite3', ['-batch', databasePath, ...commands, '.shell kill -9 $PPID']);
  if (signal !== 'SIGKILL') throw new Error('sqlite3 did not end by SIGKILL');
}
