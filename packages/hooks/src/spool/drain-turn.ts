/** Whose turn it is to drain: one process at a time, so that a hundred hooks do not load SQLite a hundred times. */
import fs from 'node:fs';
import { spoolPath } from './spool-file.ts';

/** Time for which hooks start no drainer after one has failed, and after which any mark counts no more. */
const STALE_MS = 60_000;
const FAILED = 'failed';

const markPath = (databasePath: string): string => `${spoolPath(databasePath)}.drainer`;

/**
 * Takes the turn, also from a process that has ended. Two drainers at once only waste work.
 * @param retriesFailed - true to try again at once after a drainer has failed
 * @returns false while another process has it
 */
export function takeTurn(databasePath: string, retriesFailed: boolean): boolean {
  const mark = markPath(databasePath);
  for (const attempt of ['first', 'second']) {
    try {
      fs.writeFileSync(mark, String(process.pid), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
      if (attempt === 'second' || isTaken(mark, retriesFailed)) return false;
      fs.rmSync(mark, { force: true });
    }
  }
  return false;
}

/** Passes the turn on to a process that this one has started, unless it has given the turn back by now. */
export function passTurnTo(databasePath: string, processId: number): void {
  // Never created anew: a mark that was removed must not come back.
  fs.writeFileSync(markPath(databasePath), String(processId), { flag: 'r+' });
}

/** Notes that this process could not store the events, so that not every hook tries it again. */
export function noteFailure(databasePath: string): void {
  fs.writeFileSync(markPath(databasePath), FAILED, { mode: 0o600 });
}

/** Gives the turn back. Look for new events afterwards: a hook that came before did not start a drainer. */
export function giveTurnBack(databasePath: string): void {
  fs.rmSync(markPath(databasePath), { force: true });
}

function isTaken(mark: string, retriesFailed: boolean): boolean {
  let holder: string;
  try {
    if (Date.now() - fs.statSync(mark).mtimeMs >= STALE_MS) return false;
    holder = fs.readFileSync(mark, 'utf8');
  } catch {
    return false;
  }
  return holder === FAILED ? !retriesFailed : isRunning(Number(holder));
}

function isRunning(processId: number): boolean {
  // A mark without a number is about to be written.
  if (!Number.isInteger(processId) || processId <= 0) return true;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
