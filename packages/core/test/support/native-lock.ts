import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/**
 * Locks a database file by a transaction of native `sqlite3`.
 * @param begin - statements that take the lock and print something
 * @returns what ends it
 */
export async function lockByNative(
  file: string,
  begin: string = 'BEGIN EXCLUSIVE; SELECT 1;',
): Promise<() => Promise<void>> {
  const holder = spawn('sqlite3', ['-batch', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill());
  const ended = new Promise<void>((resolve) => {
    holder.on('close', () => resolve());
  });
  holder.stdin.write(`${begin}\n`);
  await new Promise<void>((resolve) => {
    holder.stdout.once('data', () => resolve());
  });
  return () => {
    holder.stdin.end('ROLLBACK;\n');
    return ended;
  };
}
