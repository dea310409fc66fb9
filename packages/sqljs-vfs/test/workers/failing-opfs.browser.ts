/** Fails each call of a workload to the private file system once; see `failing/sweep.browser.ts`. */
import { SqliteError, VfsError } from '../../src/index.ts';
import { opfsStorage } from '../../src/storages/opfs/opfs.browser.ts';
import { type Method, type OneFault, intercept } from '../failing/one-fault.browser.ts';
import { type SweepOutcome, sweepAll } from '../failing/sweep.browser.ts';
import { serveCalls } from './calls.browser.ts';

const BUSY = 5;
const IO_ERROR = 10;
const FULL = 13;

type Owner = { readonly prototype: object };
type Replacement = (parameters: unknown[], original: Method) => unknown;

const AccessHandle = (globalThis as unknown as { FileSystemSyncAccessHandle: Owner })
  .FileSystemSyncAccessHandle;

const failure = (name: string): DOMException => new DOMException('The simulated browser failed', name);

const throwing =
  (name: string): Replacement =>
  () => {
    throw failure(name);
  };

const rejecting =
  (name: string): Replacement =>
  () =>
    Promise.reject(failure(name));

/** Returns an error code, as private windows do: negative, as an unsigned number. */
const returningCode =
  (code: number): Replacement =>
  () =>
    Number(BigInt.asUintN(32, BigInt(code)));

/** Moves half of the requested bytes. */
const movingHalf: Replacement = ([bytes, options], original) =>
  original((bytes as Uint8Array).subarray(0, Math.ceil((bytes as Uint8Array).length / 2)), options);

/** A fault of one method, and the result codes that may report it; without any, it must not be reported. */
interface Fault {
  readonly owner: Owner;
  readonly method: string;
  readonly answer: Replacement;
  readonly resultCodes: readonly number[];
  /** True for a call that ends a commit: it may fail and leave the transaction committed. */
  readonly mayBeCommitted?: boolean;
}

const onHandle = (method: string, answer: Replacement, ...resultCodes: number[]): Fault => ({
  owner: AccessHandle,
  method,
  answer,
  resultCodes,
  mayBeCommitted: method === 'flush',
});
const onFile = (answer: Replacement, ...resultCodes: number[]): Fault => ({
  owner: FileSystemFileHandle,
  method: 'createSyncAccessHandle',
  answer,
  resultCodes,
});
const onFolder = (method: string, answer: Replacement, ...resultCodes: number[]): Fault => ({
  owner: FileSystemDirectoryHandle,
  method,
  answer,
  resultCodes,
});
const onLocks = (answer: Replacement, ...resultCodes: number[]): Fault => ({
  owner: LockManager,
  method: 'request',
  answer,
  resultCodes,
});

const FAULTS: Readonly<Record<string, Fault>> = {
  'read throws InvalidStateError': onHandle('read', throwing('InvalidStateError'), IO_ERROR),
  'read returns an error code': onHandle('read', returningCode(-1), IO_ERROR),
  'read moves half': onHandle('read', movingHalf),
  'write throws QuotaExceededError': onHandle('write', throwing('QuotaExceededError'), FULL),
  'write throws InvalidStateError': onHandle('write', throwing('InvalidStateError'), IO_ERROR),
  'write returns the error code for a full disk': onHandle('write', returningCode(-8), FULL),
  'write moves nothing': onHandle('write', () => 0, FULL),
  'write moves half': onHandle('write', movingHalf),
  'truncate throws QuotaExceededError': onHandle('truncate', throwing('QuotaExceededError'), FULL, IO_ERROR),
  'truncate throws InvalidStateError': onHandle('truncate', throwing('InvalidStateError'), IO_ERROR),
  'flush throws QuotaExceededError': onHandle('flush', throwing('QuotaExceededError'), FULL, IO_ERROR),
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
    FULL,
  ),
  'the lock is refused with TimeoutError': onLocks(rejecting('TimeoutError'), BUSY),
  'the lock is refused with SecurityError': onLocks(rejecting('SecurityError'), IO_ERROR),
};

const isReset = (error: unknown): boolean => error instanceof VfsError && error.code === 'STORAGE_RESET';

serveCalls({
  faults: () => Object.keys(FAULTS),
  sweep(name: string): Promise<SweepOutcome> {
    const { owner, method, answer, resultCodes, mayBeCommitted } = FAULTS[name] as Fault;
    return sweepAll({
      makeStorage: opfsStorage,
      install: (fault: OneFault) =>
        intercept(owner, [method], (_self, parameters, original) =>
          fault.shouldFail(method) ? answer(parameters, original) : original(),
        ),
      isExpected(error) {
        if (resultCodes.length === 0) return false;
        if (error instanceof SqliteError) return resultCodes.includes(error.resultCode & 0xff);
        // A storage whose file is reported as gone takes the database for removed.
        return isReset(error) ? name.endsWith('NotFoundError') : (error as VfsError).code === 'CANNOT_OPEN';
      },
      mayBeCommitted: () => mayBeCommitted === true,
      isFinal: isReset,
    });
  },
});
