import { checkKey, isWebCryptoKey } from '@ggen-sim/sqljs-vfs/internal';
import { PersistenceError } from '../api/errors.ts';
import type { EncryptionKey, OpenOptions, RangeLocks, RetryPolicy } from '../api/persistence.ts';
import { STORAGES } from '../api/options.ts';
import { DEFAULT_RETRY_POLICY } from '../engine/retry.ts';
import { checkChoice, checkRequired, checkText, checkWholeNumber, invalid } from '../validation/arguments.ts';

const OPERATION = 'open';

/** Options of opening, with every default filled in. */
export interface OpenSettings {
  readonly exclusive: boolean;
  /** True to change nothing, and to take the schema as it is. */
  readonly isReadOnly: boolean;
  /** False when a database that has not this program's tables is refused. */
  readonly create: boolean;
  /** True when a database that is created gets a change log. */
  readonly changeLog: boolean;
  /** `relaxed` only where it takes effect. */
  readonly durability: 'strict' | 'relaxed';
  readonly policy: RetryPolicy;
  readonly clock: () => Date;
  /** Undefined for a database that is not encrypted. */
  readonly key: EncryptionKey | undefined;
}

/** Checks the options of a caller. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkOptions(options: OpenOptions): void {
  checkChoice({ operation: OPERATION, name: 'storage' }, options.storage, STORAGES);
  if (options.storage !== 'memory') {
    const location = options.storage === 'file' ? { path: options.path } : { name: options.name };
    checkRequired(OPERATION, location);
    for (const [name, value] of Object.entries(location)) checkText({ operation: OPERATION, name }, value);
  }
  if (options.storage === 'file') checkRangeLocks(options.rangeLocks);
  checkExclusive(options);
  checkReadOnly(options);
  checkCreate(options);
  checkEncryptionKey({ operation: OPERATION, name: 'key' }, options.key, options.storage);
  const { changeLog = true } = options as { readonly changeLog?: unknown };
  if (typeof changeLog !== 'boolean') {
    throw invalid({ operation: OPERATION, name: 'changeLog' }, changeLog, 'true or false');
  }
  if (options.storage === 'indexeddb' && options.cacheSizeBytes !== undefined) {
    checkWholeNumber({ operation: OPERATION, name: 'cacheSizeBytes' }, options.cacheSizeBytes);
  }
  const { durability, retry = {} } = options;
  if (durability !== undefined) {
    checkChoice({ operation: OPERATION, name: 'durability' }, durability, ['strict', 'relaxed']);
  }
  for (const [name, value] of Object.entries(retry)) checkWholeNumber({ operation: OPERATION, name }, value);
}

/** Fills in the defaults. */
export function settingsOf(options: OpenOptions): OpenSettings {
  const exclusive = isExclusive(options);
  const canRelax = exclusive || options.storage === 'indexeddb';
  return {
    exclusive,
    isReadOnly: options.storage === 'file' && options.readOnly === true,
    create: options.storage === 'memory' || options.create !== false,
    changeLog: options.changeLog !== false,
    durability: canRelax && options.durability === 'relaxed' ? 'relaxed' : 'strict',
    policy: { ...DEFAULT_RETRY_POLICY, ...options.retry },
    key: options.key,
    clock: options.clock ?? ((): Date => new Date()),
  };
}

function isExclusive(options: OpenOptions): boolean {
  return (options.storage === 'file' || options.storage === 'opfs') && options.exclusive === true;
}

/** Refuses `readOnly` where it has no effect, and beside what it contradicts. */
function checkReadOnly(options: OpenOptions): void {
  const given = options as Partial<Record<'readOnly' | 'exclusive' | 'singleProcess' | 'key', unknown>>;
  const { readOnly = false } = given;
  const field = { operation: OPERATION, name: 'readOnly' };
  if (typeof readOnly !== 'boolean') throw invalid(field, readOnly, 'true or false');
  if (!readOnly) return;
  if (options.storage !== 'file')
    throw invalid(field, readOnly, "left out: it is of the storage 'file' only");
  for (const name of ['exclusive', 'singleProcess', 'key'] as const) {
    if (given[name]) throw invalid(field, readOnly, `left out together with ${name}`);
  }
}

/** Refuses `create: false` in memory, where no database exists before it is opened. */
function checkCreate(options: OpenOptions): void {
  const { create = true } = options as { readonly create?: unknown };
  const field = { operation: OPERATION, name: 'create' };
  if (typeof create !== 'boolean') throw invalid(field, create, 'true or false');
  if (!create && options.storage === 'memory') {
    throw invalid(field, create, 'left out: a database in memory does not exist before it is opened');
  }
}

/** Refuses what is no key. Its value is in no message. */
export function checkEncryptionKey(
  { operation, name }: { readonly operation: string; readonly name: 'key' | 'newKey' },
  key: unknown,
  storage: OpenOptions['storage'],
): void {
  if (key === undefined) return;
  const refuse = (reason: string): PersistenceError =>
    new PersistenceError('INVALID_ARGUMENT', `Invalid ${name}${reason}`, { operation });
  try {
    checkKey(key);
  } catch (error) {
    throw refuse((error as TypeError).message.replace(/^key/, ''));
  }
  if (isWebCryptoKey(key) && storage !== 'indexeddb') {
    throw refuse(`: a CryptoKey encrypts a database in IndexedDB only; pass 32 bytes or a passphrase`);
  }
}

/** Refuses locks with a missing function, which would fail in the middle of a transaction. */
function checkRangeLocks(locks: RangeLocks | undefined): void {
  if (locks === undefined) return;
  const { tryShared, tryExclusive, unlock } = (locks ?? {}) as Partial<RangeLocks>;
  if ([tryShared, tryExclusive, unlock].every((member) => typeof member === 'function')) return;
  const field = { operation: OPERATION, name: 'rangeLocks' };
  throw invalid(field, locks, 'an object with the functions tryShared, tryExclusive and unlock');
}

/** Refuses `exclusive` where it has no effect: a caller that asks to own a database must not share one unawares. */
function checkExclusive(options: OpenOptions): void {
  const { exclusive = false } = options as { readonly exclusive?: unknown };
  const field = { operation: OPERATION, name: 'exclusive' };
  if (typeof exclusive !== 'boolean') throw invalid(field, exclusive, 'true or false');
  if (exclusive && !isExclusive(options)) {
    throw invalid(field, exclusive, `left out: only 'file' and 'opfs' have a write-ahead log`);
  }
}
