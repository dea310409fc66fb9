/** Fails calls on Blobs, in a worker in which every commit stores extents. */
import { type DurableDatabase, SqliteError, UncertainCommit, openDatabase } from '../../src/index.ts';
import { CHECKPOINT_POLICY } from '../../src/storages/indexeddb/checkpoint.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';
import { type Method, type OneFault, intercept } from '../failing/one-fault.browser.ts';
import { type SweepOutcome, sweepAll } from '../failing/sweep.browser.ts';
import { encryptedStorage } from '../indexeddb/encrypted-storage.browser.ts';
import { serveCalls } from './calls.browser.ts';

const IO_ERROR = 10;

Object.assign(CHECKPOINT_POLICY, { largeCommitBytes: 0, largeCommitSpread: Infinity });

type Owner = { readonly prototype: object };
type Replacement = (parameters: unknown[], original: Method, self: unknown) => unknown;

const Reader = (globalThis as unknown as { FileReaderSync: Owner }).FileReaderSync;

const throwing =
  (name: string): Replacement =>
  () => {
    throw new DOMException('The simulated browser failed', name);
  };

interface Fault {
  readonly owner: Owner;
  readonly method: string;
  readonly answer: Replacement;
}

const isExtent = ([value]: unknown[]): boolean =>
  (value as { readonly content?: unknown } | undefined)?.content instanceof Blob;

const FAULTS: Readonly<Record<string, Fault>> = {
  'a read throws NotReadableError': onRead(throwing('NotReadableError')),
  'a read throws NotFoundError': onRead(throwing('NotFoundError')),
  'a read returns half': onRead((_parameters, original) => {
    const bytes = original() as ArrayBuffer;
    return bytes.slice(0, bytes.byteLength / 2);
  }),
  'a slice throws': { owner: Blob, method: 'slice', answer: throwing('UnknownError') },
  'a put of a Blob throws DataCloneError': onPut(throwing('DataCloneError')),
  'a put of a Blob aborts its transaction': onPut((_parameters, original, self) => {
    const { transaction } = self as IDBObjectStore;
    queueMicrotask(() => transaction.abort());
    return original();
  }),
};

function onRead(answer: Replacement): Fault {
  return { owner: Reader, method: 'readAsArrayBuffer', answer };
}

function onPut(answer: Replacement): Fault {
  return { owner: IDBObjectStore, method: 'put', answer };
}

/** Makes `new Blob` fail once. */
function failingConstructor(fault: OneFault): () => void {
  const Original = globalThis.Blob;
  globalThis.Blob = class extends Original {
    constructor(parts?: BlobPart[]) {
      if (fault.shouldFail('new Blob')) throw new RangeError('The simulated browser has no memory');
      super(parts);
    }
  };
  return () => void (globalThis.Blob = Original);
}

function install(name: string): (fault: OneFault) => () => void {
  if (name === 'a Blob cannot be made') return failingConstructor;
  const { owner, method, answer } = FAULTS[name] as Fault;
  return (fault) =>
    intercept(owner, [method], (self, parameters, original) => {
      const isMeant = method !== 'put' || isExtent(parameters);
      return isMeant && fault.shouldFail(method) ? answer(parameters, original, self) : original();
    });
}

/** Runs work and describes its failure. */
async function failureOf(work: Promise<unknown>): Promise<object> {
  const error: unknown = await work.catch((failure: unknown) => failure);
  if (!(error instanceof SqliteError)) return { unexpected: String(error) };
  return { resultCode: error.resultCode, cause: (error.cause as Error).name };
}

serveCalls({
  sweep: (name: string, encrypted: boolean = false): Promise<SweepOutcome> =>
    sweepAll({
      makeStorage: (database) =>
        (encrypted ? encryptedStorage : indexedDbStorage)(database, { durability: 'relaxed' }),
      install: install(name),
      // Several chunks and pages that do not change, so that extents are read and composed in parts.
      longestText: 40_000,
      // A commit that stores extents leaves no record, so whether one of another connection is meant may stay open.
      isExpected: (error) =>
        error instanceof UncertainCommit || (error instanceof SqliteError && error.resultCode === IO_ERROR),
    }),
  async readUnreadable(): Promise<object> {
    const name = crypto.randomUUID();
    const open = (): Promise<DurableDatabase> =>
      openDatabase(indexedDbStorage(name, { durability: 'relaxed', cacheSizeBytes: 1 }));
    const exec = ({ database }: DurableDatabase, sql: string): unknown => database.exec(sql)[0]?.values;
    const first = await open();
    await first.writeTransaction(() => exec(first, 'CREATE TABLE t(x); INSERT INTO t VALUES (1)'));
    await first.writeTransaction(() => exec(first, 'INSERT INTO t VALUES (randomblob(2000000))'));
    const opened = await open();
    const repair = intercept(Reader, ['readAsArrayBuffer'], () =>
      throwing('NotReadableError')([], () => 0, 0),
    );
    const read = await failureOf(
      opened.readTransaction(() => exec(opened, 'SELECT sum(length(hex(x))) FROM t')),
    );
    const write = await failureOf(
      opened.writeTransaction(() => exec(opened, 'UPDATE t SET x = x || x; DELETE FROM t')),
    );
    repair();
    await opened.writeTransaction(() => exec(opened, 'INSERT INTO t VALUES (3)'));
    const after = await opened.readTransaction(() =>
      exec(opened, 'SELECT count(*), (SELECT integrity_check FROM pragma_integrity_check) FROM t'),
    );
    return { read, write, after };
  },
});
