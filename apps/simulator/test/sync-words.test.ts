import type { SyncStatus } from '@ggen-sim/sync';
import { expect, it } from 'vitest';
import { addressProblem } from '../src/sync/hub-address.ts';
import { adviceOf, stateOf, troubleOf } from '../src/sync/sync-words.ts';

const AT = '2026-01-02T03:04:05.000Z';

function status(code?: string, more: Partial<SyncStatus> = {}): SyncStatus {
  return {
    target: 'https://hub.example',
    origin: 'o',
    keyId: null,
    lagEntries: 0,
    lagSeconds: 0,
    lastSuccess: AT,
    lastError: code === undefined ? null : { code, message: 'm', at: AT },
    refused: 0,
    advice: null,
    ...more,
  };
}

it.each([
  'https://hub.example',
  'https://hub.example:7443/path/',
  'http://127.0.0.1:7080',
  'http://localhost:7080',
])('takes the address %s', (address) => {
  expect(addressProblem(address)).toBeUndefined();
});

it.each([
  ['', 'begins with https://'],
  ['hub.example', 'begins with https://'],
  ['hub.db', 'begins with https://'],
  ['postgres://ggen@db.example/fleet', 'begins with https://'],
  ['javascript:alert(1)', 'begins with https://'],
  ['http://hub.example', 'Use https://'],
  ['http://127.0.0.1.hub.example', 'Use https://'],
  ['http://localhost@hub.example', 'Use https://'],
  ['https://ada:secret@hub.example', 'Leave out'],
  ['https://hub.example/?token=secret', 'Leave out'],
])('refuses the address %j', (address, problem) => {
  expect(addressProblem(address)).toContain(problem);
});

it('says how it is', () => {
  expect(stateOf(status()).text).toBe('Up to date');
  expect(stateOf(status(undefined, { lastSuccess: null })).text).toBe('Not synchronised yet');
  expect(stateOf(status(undefined, { lagEntries: 1200 })).text).toBe('1,200 entries to send');
  expect(stateOf(status('SYNC_UNREACHABLE', { lagEntries: 2 })).text).toBe('The hub cannot be reached');
  expect(stateOf(status('FORKED')).tone).toBe('error');
  expect(stateOf(status('IO_ERROR')).text).toBe('The last attempt failed');
});

it('names the buttons of the page in an advice', () => {
  const advice = 'Give it an id of its own with `renewOrigin`.';
  expect(adviceOf(status('FORKED', { advice }))).toBe(
    'Give it an id of its own with “Give this database a new id”.',
  );
  expect(adviceOf(status('SYNC_UNAUTHORIZED', { advice: 'the variable X' }))).not.toContain('variable');
  expect(adviceOf(status())).toBeUndefined();
  for (const code of ['SYNC_KEY_REQUIRED', 'SYNC_WRONG_KEY']) {
    expect(stateOf(status(code))).toMatchObject({ tone: 'error', text: expect.stringContaining('key') });
    expect(adviceOf(status(code, { advice: 'Give GGEN_SIM_SYNC_KEY' }))).toContain(
      'that the other machines have',
    );
    expect(troubleOf(status(code))).toContain('Stopped');
  }
  // The first to send may have been a machine without a key.
  expect(stateOf(status('SYNC_WRONG_KEY')).text).toContain('or none');
  expect(adviceOf(status('SYNC_WRONG_KEY'))).toContain('connect without one');
});

it('is a trouble on every view only where it does not pass by itself, or lasts', () => {
  const away = (lastSuccess: string | null): string | undefined =>
    troubleOf(status('SYNC_UNREACHABLE', { lastSuccess, lagEntries: 2 }));
  expect(troubleOf(status(undefined, { lagEntries: 2 }))).toBeUndefined();
  expect(troubleOf(status('SYNC_BUSY'))).toBeUndefined();
  expect(away('2026-01-02T03:00:00.000Z')).toBeUndefined();
  expect(away('2026-01-02T02:00:00.000Z')).toContain('2 entries wait here.');
  expect(away(null)).toContain('not been reached');
  expect(troubleOf(status('FORKED'))).toContain('Nothing waits here.');
});
