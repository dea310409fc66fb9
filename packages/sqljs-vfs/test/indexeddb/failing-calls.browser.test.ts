/** Everything a workload asks of IndexedDB and Web Locks fails once; see `failing/sweep.browser.ts`. */
import { afterEach, expect, it, vi } from 'vitest';
import { SqliteError, type Storage, VfsError, openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/indexeddb.browser.ts';
import {
  type Failing,
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
import { sweepAll } from '../failing/sweep.browser.ts';

const NO_ROOM = 13;
const IO_ERROR = 10;

afterEach(() => void vi.unstubAllGlobals());

const makeStorage = (name: string): Storage => indexedDbStorage(name, { durability: 'relaxed' });

/** SQLite's code for it, with what the browser said as the cause. */
const tells =
  (resultCode: number, errorName: string) =>
  (error: unknown): boolean =>
    error instanceof SqliteError &&
    error.resultCode === resultCode &&
    (error.cause as DOMException).name === errorName;

const isUnavailable = (error: unknown): boolean =>
  error instanceof VfsError && error.code === 'STORAGE_UNAVAILABLE' && error.cause instanceof DOMException;

interface Case {
  readonly what: string;
  readonly install: Failing;
  readonly isExpected: (error: unknown) => boolean;
  /** Calls there are at least. */
  readonly calls: number;
}

const CASES: readonly Case[] = [
  ...[
    ['QuotaExceededError', NO_ROOM],
    ['UnknownError', IO_ERROR],
    ['AbortError', IO_ERROR],
  ].flatMap(([name, code]): Case[] => {
    const isExpected = tells(code as number, name as string);
    return [
      {
        what: `a request fails with ${name}`,
        install: failingRequests(name as string),
        isExpected,
        calls: 25,
      },
      { what: `a commit fails with ${name}`, install: failingCommits(name as string), isExpected, calls: 6 },
    ];
  }),
  {
    what: 'a request throws DataError',
    install: throwingRequests('DataError'),
    isExpected: tells(IO_ERROR, 'DataError'),
    calls: 25,
  },
  {
    what: 'a request throws QuotaExceededError',
    install: throwingRequests('QuotaExceededError'),
    isExpected: tells(NO_ROOM, 'QuotaExceededError'),
    calls: 25,
  },
  {
    what: 'a connection is dead and throws InvalidStateError',
    install: deadConnections('InvalidStateError'),
    isExpected: tells(IO_ERROR, 'InvalidStateError'),
    calls: 10,
  },
  {
    what: 'a connection is lost',
    install: lostConnections,
    isExpected: tells(IO_ERROR, 'AbortError'),
    calls: 25,
  },
  {
    what: 'opening throws SecurityError',
    install: throwingOpen('SecurityError'),
    isExpected: isUnavailable,
    calls: 2,
  },
  {
    what: 'opening fails with UnknownError',
    install: failingOpen('UnknownError'),
    isExpected: isUnavailable,
    calls: 2,
  },
];

/** Connections that are open, so that the browser can close them. */
function openConnections(): { readonly all: IDBDatabase[]; readonly end: () => void } {
  const all: IDBDatabase[] = [];
  const end = intercept(IDBFactory, ['open'], (_self, _given, original) => {
    const request = original() as IDBOpenDBRequest;
    request.addEventListener('success', () => void all.push(request.result));
    return request;
  });
  return { all, end };
}

it.each(CASES)('every time $what once', async ({ install, isExpected, calls }) => {
  const connections = openConnections();
  // The workload opens a second time: the browser closes its connections once by itself.
  const meanwhile = (): void => {
    for (const database of connections.all.splice(0)) loseConnection(database);
  };
  const outcome = await sweepAll({ makeStorage, install, isExpected, meanwhile });
  connections.end();
  expect(outcome.calls).toBeGreaterThanOrEqual(calls);
  // The write that meets another tab's commit is run again, whatever it failed with: four calls at most.
  expect(outcome.calls - outcome.noticed).toBeLessThanOrEqual(Math.min(4, calls / 2));
  expect(outcome.stood).toBe(0);
});

it.each(['SecurityError', 'InvalidStateError', 'TimeoutError'])(
  'a lock that is refused with %s is done without',
  async (name) => {
    const outcome = await sweepAll({ makeStorage, install: refusedLocks(name), isExpected: () => false });
    expect(outcome.calls).toBeGreaterThanOrEqual(2);
  },
);

it('without Web Locks everything works', async () => {
  vi.stubGlobal('navigator', { locks: undefined });
  expect(makeStorage('any').capabilities.lockProvider).toBe('compare-and-swap');
  const never = (): (() => void) => () => undefined;
  const outcome = await sweepAll({ makeStorage, install: never, isExpected: () => false });
  expect(outcome.calls).toBe(0);
});

it('a tab that holds up the opening is STORAGE_UNAVAILABLE, and once it has let go the database opens', async () => {
  const name = crypto.randomUUID();
  const before = await openDatabase(makeStorage(name));
  await before.writeTransaction(() => void before.database.exec('CREATE TABLE t(x)'));
  before.close();
  const holder = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener('success', () => resolve(request.result));
  });
  // Somebody wants another version, and the holder does not make room.
  const upgrade = indexedDB.open(name, 2);
  upgrade.addEventListener('upgradeneeded', () => upgrade.transaction?.abort());
  const ended = new Promise((resolve) => upgrade.addEventListener('error', resolve));
  await expect(openDatabase(makeStorage(name))).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringContaining('another tab'),
  });
  holder.close();
  await ended;
  const after = await openDatabase(makeStorage(name));
  expect(
    await after.readTransaction(() => after.database.exec('SELECT name FROM sqlite_schema')[0]?.values),
  ).toEqual([['t']]);
});
