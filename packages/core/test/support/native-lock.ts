import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Locks a database file by a transaction of native `sqlite3`. @returns what ends it */
export async function lockByNative(file: string): Promise<() => Promise<void>> {
  const holder = spawn('sqlite3', ['-batch', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill());
  const ended = new Promise<void>((resolve) => {
    holder.on('close', () => resolve());
  });
  holder.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
  await new Promise<void>((resolve) => {
    holder.stdout.once('data', () => resolve());
  });
  return () => {
    holder.stdin.end('ROLLBACK;\n');
    return ended;
  };
}
