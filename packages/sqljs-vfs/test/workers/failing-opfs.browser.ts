/** Everything a workload asks of its files in the private file system fails once; see `failing/sweep.browser.ts`. */
import { SqliteError, VfsError } from '../../src/index.ts';
import { opfsStorage } from '../../src/opfs.browser.ts';
import { type Method, type OneFault, intercept } from '../failing/one-fault.browser.ts';
import { type SweepOutcome, sweepAll } from '../failing/sweep.browser.ts';
import { serveCalls } from './calls.browser.ts';

const BUSY = 5;
const IO_ERROR = 10;
const NO_ROOM = 13;

type Owner = { readonly prototype: object };
type Answer = (given: unknown[], original: Method) => unknown;

const AccessHandle = (globalThis as unknown as { FileSystemSyncAccessHandle: Owner })
  .FileSystemSyncAccessHandle;

const failure = (name: string): DOMException => new DOMException('The simulated browser failed', name);

const throwing =
  (name: string): Answer =>
  () => {
    throw failure(name);
  };

const rejecting =
  (name: string): Answer =>
  () =>
    Promise.reject(failure(name));

/** Private windows answer failures by a negative code, read as unsigned. */
const answeringCode =
  (code: number): Answer =>
  () =>
    Number(BigInt.asUintN(32, BigInt(code)));

/** Half of what was asked for is moved. */
const movingHalf: Answer = ([bytes, options], original) =>
  original((bytes as Uint8Array).subarray(0, Math.ceil((bytes as Uint8Array).length / 2)), options);

/** What fails and how it may be told: by these result codes, or not at all. */
interface Fault {
  readonly owner: Owner;
  readonly method: string;
  readonly answer: Answer;
  readonly resultCodes: readonly number[];
  /** Only a call that ends a commit may fail and leave it standing. */
  readonly mayStand?: boolean;
}

const onHandle = (method: string, answer: Answer, ...resultCodes: number[]): Fault => ({
  owner: AccessHandle,
  method,
  answer,
  resultCodes,
  mayStand: method === 'flush',
});
const onFile = (answer: Answer, ...resultCodes: number[]): Fault => ({
  owner: FileSystemFileHandle,
  method: 'createSyncAccessHandle',
  answer,
  resultCodes,
});
const onFolder = (method: string, answer: Answer, ...resultCodes: number[]): Fault => ({
  owner: FileSystemDirectoryHandle,
  method,
  answer,
  resultCodes,
});
const onLocks = (answer: Answer, ...resultCodes: number[]): Fault => ({
  owner: LockManager,
  method: 'request',
  answer,
  resultCodes,
});

const FAULTS: Readonly<Record<string, Fault>> = {
  'read throws InvalidStateError': onHandle('read', throwing('InvalidStateError'), IO_ERROR),
  'read answers a code': onHandle('read', answeringCode(-1), IO_ERROR),
  'read moves half': onHandle('read', movingHalf),
  'write throws QuotaExceededError': onHandle('write', throwing('QuotaExceededError'), NO_ROOM),
  'write throws InvalidStateError': onHandle('write', throwing('InvalidStateError'), IO_ERROR),
  'write answers the code for no room': onHandle('write', answeringCode(-8), NO_ROOM),
  'write moves nothing': onHandle('write', () => 0, NO_ROOM),
  'write moves half': onHandle('write', movingHalf),
  'truncate throws QuotaExceededError': onHandle(
    'truncate',
    throwing('QuotaExceededError'),
    NO_ROOM,
    IO_ERROR,
  ),
  'truncate throws InvalidStateError': onHandle('truncate', throwing('InvalidStateError'), IO_ERROR),
  'flush throws QuotaExceededError': onHandle('flush', throwing('QuotaExceededError'), NO_ROOM, IO_ERROR),
  'flush throws InvalidStateError': onHandle('flush', throwing('InvalidStateError'), IO_ERROR),
  'getSize throws InvalidStateError': onHandle('getSize', throwing('InvalidStateError'), IO_ERROR),
  'close throws InvalidStateError': onHandle('close', throwing('InvalidStateError'), IO_ERROR),
  'createSyncAccessHandle rejects with NoModificationAllowedError': onFile(
    rejecting('NoModificationAllowedError'),
  ),
  'createSyncAccessHandle rejects with InvalidStateError': onFile(rejecting('InvalidStateError'), IO_ERROR),
  'createSyncAccessHandle rejects with NotFoundError': onFile(rejecting('NotFoundError'), IO_ERROR),
  'getDirectoryHandle rejects with UnknownError': onFolder(
    'getDirectoryHandle',
    rejecting('UnknownError'),
    IO_ERROR,
  ),
  'getFileHandle rejects with QuotaExceededError': onFolder(
    'getFileHandle',
    rejecting('QuotaExceededError'),
    IO_ERROR,
    NO_ROOM,
  ),
  'the lock is refused with TimeoutError': onLocks(rejecting('TimeoutError'), BUSY),
  'the lock is refused with SecurityError': onLocks(rejecting('SecurityError'), IO_ERROR),
};

const isReset = (error: unknown): boolean => error instanceof VfsError && error.code === 'STORAGE_RESET';

serveCalls({
  faults: () => Object.keys(FAULTS),
  sweep(name: string): Promise<SweepOutcome> {
    const { owner, method, answer, resultCodes, mayStand } = FAULTS[name] as Fault;
    return sweepAll({
      makeStorage: opfsStorage,
      install: (fault: OneFault) =>
        intercept(owner, [method], (_self, given, original) =>
          fault.strikes(method) ? answer(given, original) : original(),
        ),
      isExpected(error) {
        if (resultCodes.length === 0) return false;
        if (error instanceof SqliteError) return resultCodes.includes(error.resultCode & 0xff);
        // A file that is said to be gone is gone for whoever knew it.
        return isReset(error) ? name.endsWith('NotFoundError') : (error as VfsError).code === 'CANNOT_OPEN';
      },
      mayStand: () => mayStand === true,
      isFinal: isReset,
    });
  },
});
