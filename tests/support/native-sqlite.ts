import { spawnSync } from 'node:child_process';

/** Runs Debian's `sqlite3` on a file; each argument is a statement or a dot-command. @returns its output */
export function nativeSqlite(databasePath: string, ...commands: string[]): string {
  const { stdout, stderr, status, error } = spawnSync('sqlite3', ['-batch', databasePath, ...commands], {
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`sqlite3 ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** Runs statements in native `sqlite3`, then kills it where it stands. */
export function killNativeSqlite(databasePath: string, ...commands: string[]): void {
  const { signal } = spawnSync('sqlite3', ['-batch', databasePath, ...commands, '.shell kill -9 $PPID']);
  if (signal !== 'SIGKILL') throw new Error('sqlite3 was to die of SIGKILL');
}
