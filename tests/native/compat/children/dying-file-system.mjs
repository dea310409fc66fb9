/** Kills this process before its k-th change to the file system, for a database, a backup or a folder. */
import fs from 'node:fs';

const CHANGES = /** @type {const} */ ([
  'openSync',
  'open',
  'writeSync',
  'write',
  'writev',
  'ftruncateSync',
  'fdatasyncSync',
  'fsyncSync',
  'fsync',
  'renameSync',
  'unlinkSync',
  'mkdirSync',
  'fchmodSync',
  'rmSync',
  'closeSync',
]);

let callsLeft = Number.POSITIVE_INFINITY;
let calls = 0;

const functions = /** @type {Record<string, (...values: unknown[]) => unknown>} */ (
  /** @type {unknown} */ (fs)
);
for (const name of CHANGES) {
  const original = functions[name];
  if (!original) throw new Error(`no fs.${name}`);
  functions[name] = (...values) => {
    calls++;
    if (callsLeft-- <= 0) process.kill(process.pid, 'SIGKILL');
    return original(...values);
  };
}

/** @param {number} change how many changes are still made */
export function dieBefore(change) {
  calls = 0;
  callsLeft = change;
}

/** Count of changes since `dieBefore`. */
export const changesMade = () => calls;
