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
  // It waits for reads that have begun, and ends when it cannot have the lock.
  const options = ['-batch', '-bail', '-cmd', '.timeout 60000'];
  const holder = spawn('sqlite3', [...options, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill());
  const ended = new Promise<void>((resolve) => {
    holder.on('close', () => resolve());
  });
  holder.stdin.write(`${begin}\n`);
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('close', (exitCode) =>
      reject(new Error(`sqlite3 ended with ${exitCode} before it had the lock`)),
    );
  });
  return () => {
    holder.stdin.end('ROLLBACK;\n');
    return ended;
  };
}
