/** Fails each call of a workload to IndexedDB and Web Locks once; see `failing/sweep.browser.ts`. */
import { afterEach, expect, it, vi } from 'vitest';
import { SqliteError, type Storage, VfsError, openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import {
  type InstallFault,
  deadConnections,
  failingCommits,
  failingOpen,
  failingRequests,
  loseConnection,
  lostConnections,
  refusedLocks,
  throwingOpen,
  throwingRequests,
} from '../failing/failing-indexeddb.browser.ts';
import { intercept } from '../failing/one-fault.browser.ts';
import { encryptedStorage } from './encrypted-storage.browser.ts';
import { sweepAll } from '../failing/sweep.browser.ts';

const FULL = 13;
const IO_ERROR = 10;

afterEach(() => void vi.unstubAllGlobals());

const makeStorage = (name: string): Storage => indexedDbStorage(name, { durability: 'relaxed' });

/** True for SQLite's code with the browser's error as the cause. */
const reports =
  (resultCode: number, errorName: string) =>
  (error: unknown): boolean =>
    error instanceof SqliteError &&
    error.resultCode === resultCode &&
    (error.cause as DOMException).name === errorName;

const isUnavailable = (error: unknown): boolean =>
  error instanceof VfsError && error.code === 'STORAGE_UNAVAILABLE' && error.cause instanceof DOMException;

interface Case {
  readonly fault: string;
  readonly install: InstallFault;
  readonly isExpected: (error: unknown) => boolean;
  /** The least number of such calls. */
  readonly calls: number;
}

const CASES: readonly Case[] = [
  ...[
    ['QuotaExceededError', FULL],
    ['UnknownError', IO_ERROR],
    ['AbortError', IO_ERROR],
  ].flatMap(([name, code]): Case[] => {
    const isExpected = reports(code as number, name as string);
    return [
      {
        fault: `a request fails with ${name}`,
        install: failingRequests(name as string),
        isExpected,
        calls: 25,
      },
      { fault: `a commit fails with ${name}`, install: failingCommits(name as string), isExpected, calls: 6 },
    ];
  }),
  {
    fault: 'a request throws DataError',
    install: throwingRequests('DataError'),
    isExpected: reports(IO_ERROR, 'DataError'),
    calls: 25,
  },
  {
    fault: 'a request throws QuotaExceededError',
    install: throwingRequests('QuotaExceededError'),
    isExpected: reports(FULL, 'QuotaExceededError'),
    calls: 25,
  },
  {
    fault: 'a connection is dead and throws InvalidStateError',
    install: deadConnections('InvalidStateError'),
    isExpected: reports(IO_ERROR, 'InvalidStateError'),
    calls: 10,
  },
  {
    fault: 'a connection is lost',
    install: lostConnections,
    isExpected: reports(IO_ERROR, 'AbortError'),
    calls: 25,
  },
  {
    fault: 'opening throws SecurityError',
    install: throwingOpen('SecurityError'),
    isExpected: isUnavailable,
    calls: 2,
  },
  {
    fault: 'opening fails with UnknownError',
    install: failingOpen('UnknownError'),
    isExpected: isUnavailable,
    calls: 2,
  },
];

/** Collects open connections, so that the test can close them as the browser does. */
function openConnections(): { readonly all: IDBDatabase[]; readonly end: () => void } {
  const all: IDBDatabase[] = [];
  const end = intercept(IDBFactory, ['open'], (_self, _given, original) => {
    const request = original() as IDBOpenDBRequest;
    request.addEventListener('success', () => void all.push(request.result));
    return request;
  });
  return { all, end };
}

it.each(CASES)('survives every call at which $fault', async ({ install, isExpected, calls }) => {
  const connections = openConnections();
  // The browser closes the connections once by itself, so that the workload opens the database twice.
  const meanwhile = (): void => {
    for (const database of connections.all.splice(0)) loseConnection(database);
  };
  const outcome = await sweepAll({ makeStorage, install, isExpected, meanwhile });
  connections.end();
  expect(outcome.calls).toBeGreaterThanOrEqual(calls);
  // A write that meets another tab's commit runs again, and so does making the database after an abort, so a failure is
  // not reported there: at most four calls each.
  expect(outcome.calls - outcome.reported).toBeLessThanOrEqual(Math.min(8, calls / 2));
  expect(outcome.committed).toBe(0);
});

const ENCRYPTED_CASES: readonly Case[] = CASES.filter(({ fault }) =>
  /(?:request|commit) fails with (?:Unknown|Quota)|connection is lost/.test(fault),
);

it.each(ENCRYPTED_CASES)('encrypted: survives every call at which $fault', async ({ fault, ...each }) => {
  expect(fault).toBeDefined();
  const outcome = await sweepAll({
    makeStorage: (name) => encryptedStorage(name, { durability: 'relaxed' }),
    install: each.install,
    isExpected: each.isExpected,
  });
  expect(outcome.calls).toBeGreaterThanOrEqual(each.calls);
  expect(outcome.committed).toBe(0);
});

it.each(['SecurityError', 'InvalidStateError', 'TimeoutError'])(
  'a write goes on without a lock that is refused with %s',
  async (name) => {
    const outcome = await sweepAll({ makeStorage, install: refusedLocks(name), isExpected: () => false });
    expect(outcome.calls).toBeGreaterThanOrEqual(2);
  },
);

it('works without Web Locks', async () => {
  vi.stubGlobal('navigator', { locks: undefined });
  expect(makeStorage('any').capabilities.lockProvider).toBe('compare-and-swap');
  const never = (): (() => void) => () => undefined;
  const outcome = await sweepAll({ makeStorage, install: never, isExpected: () => false });
  expect(outcome.calls).toBe(0);
});

it('opening is STORAGE_UNAVAILABLE while another tab blocks it, and succeeds once that tab has closed its connection', async () => {
  const name = crypto.randomUUID();
  const before = await openDatabase(makeStorage(name));
  await before.writeTransaction(() => void before.database.exec('CREATE TABLE t(x)'));
  before.close();
  const blocking = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener('success', () => resolve(request.result));
  });
  // A request for another version waits, because the blocking tab does not close its connection.
  const upgrade = indexedDB.open(name, 2);
  upgrade.addEventListener('upgradeneeded', () => upgrade.transaction?.abort());
  const ended = new Promise((resolve) => upgrade.addEventListener('error', resolve));
  await expect(openDatabase(makeStorage(name))).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringContaining('another tab'),
  });
  blocking.close();
  await ended;
  const after = await openDatabase(makeStorage(name));
  expect(
    await after.readTransaction(() => after.database.exec('SELECT name FROM sqlite_schema')[0]?.values),
  ).toEqual([['t']]);
});
