/** Fails each call of a workload to the private file system once, in a worker; see `workers/failing-opfs.browser.ts`. */
import { expect, it } from 'vitest';
import type { SweepOutcome } from '../failing/sweep.browser.ts';
import { CalledWorker } from '../workers/calls.browser.ts';

interface Expected {
  /** The least number of such calls. */
  readonly calls: number;
  /** True when no call reports the fault; otherwise most calls must, or the next one does. */
  readonly unreported?: true;
}

const FAULTS: readonly (readonly [string, Expected])[] = [
  ['read throws InvalidStateError', { calls: 10 }],
  ['read returns an error code', { calls: 10 }],
  ['read moves half', { calls: 10, unreported: true }],
  ['write throws QuotaExceededError', { calls: 15 }],
  ['write throws InvalidStateError', { calls: 15 }],
  ['write returns the error code for a full disk', { calls: 15 }],
  ['write moves nothing', { calls: 15 }],
  ['write moves half', { calls: 15, unreported: true }],
  ['truncate throws QuotaExceededError', { calls: 5 }],
  ['truncate throws InvalidStateError', { calls: 5 }],
  ['flush throws QuotaExceededError', { calls: 15 }],
  ['flush throws InvalidStateError', { calls: 15 }],
  ['getSize throws InvalidStateError', { calls: 10 }],
  ['close throws InvalidStateError', { calls: 3, unreported: true }],
  ['createSyncAccessHandle rejects with NoModificationAllowedError', { calls: 3, unreported: true }],
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

it('this list has every fault of the worker', async () => {
  expect(FAULTS.map(([name]) => name)).toEqual(await worker.call('faults'));
});

it.each(FAULTS)('survives every call at which %s', async (name, { calls, unreported = false }) => {
  const outcome = (await worker.call('sweep', name)) as SweepOutcome;
  expect(outcome.calls).toBeGreaterThanOrEqual(calls);
  if (unreported) expect(outcome.reported).toBe(0);
  else expect(outcome.reported).toBeGreaterThan(outcome.calls / 2);
  // As in a file: SQLite cannot undo a commit whose last sync fails.
  expect(outcome.committed > 0).toBe(name.startsWith('flush'));
});
