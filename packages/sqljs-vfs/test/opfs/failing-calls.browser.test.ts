/** Each call that a workload makes on the private file system fails once, in a worker; see `workers/failing-opfs.browser.ts`. */
import { expect, it } from 'vitest';
import type { SweepOutcome } from '../failing/sweep.browser.ts';
import { CalledWorker } from '../workers/calls.browser.ts';

interface Expected {
  /** How many calls of it there are at least. */
  readonly calls: number;
  /** Nobody hears of it; otherwise most calls must be noticed, if only by whoever comes next. */
  readonly unnoticed?: true;
}

const FAULTS: readonly (readonly [string, Expected])[] = [
  ['read throws InvalidStateError', { calls: 10 }],
  ['read answers a code', { calls: 10 }],
  ['read moves half', { calls: 10, unnoticed: true }],
  ['write throws QuotaExceededError', { calls: 15 }],
  ['write throws InvalidStateError', { calls: 15 }],
  ['write answers the code for no room', { calls: 15 }],
  ['write moves nothing', { calls: 15 }],
  ['write moves half', { calls: 15, unnoticed: true }],
  ['truncate throws QuotaExceededError', { calls: 5 }],
  ['truncate throws InvalidStateError', { calls: 5 }],
  ['flush throws QuotaExceededError', { calls: 15 }],
  ['flush throws InvalidStateError', { calls: 15 }],
  ['getSize throws InvalidStateError', { calls: 10 }],
  ['close throws InvalidStateError', { calls: 3, unnoticed: true }],
  ['createSyncAccessHandle rejects with NoModificationAllowedError', { calls: 3, unnoticed: true }],
  ['createSyncAccessHandle rejects with InvalidStateError', { calls: 3 }],
  ['createSyncAccessHandle rejects with NotFoundError', { calls: 3 }],
  ['getDirectoryHandle rejects with UnknownError', { calls: 3 }],
  ['getFileHandle rejects with QuotaExceededError', { calls: 3 }],
  ['the lock is refused with TimeoutError', { calls: 1 }],
  ['the lock is refused with SecurityError', { calls: 1 }],
];

const worker = new CalledWorker(
  new Worker(new URL('../workers/failing-opfs.browser.ts', import.meta.url), { type: 'module' }),
);

it('every fault the worker knows is here', async () => {
  expect(FAULTS.map(([name]) => name)).toEqual(await worker.call('faults'));
});

it.each(FAULTS)('every time %s once', async (name, { calls, unnoticed = false }) => {
  const outcome = (await worker.call('sweep', name)) as SweepOutcome;
  expect(outcome.calls).toBeGreaterThanOrEqual(calls);
  if (unnoticed) expect(outcome.noticed).toBe(0);
  else expect(outcome.noticed).toBeGreaterThan(outcome.calls / 2);
  // As in a file: the last sync of a commit, when SQLite cannot take anything back.
  expect(outcome.stood > 0).toBe(name.startsWith('flush'));
});
