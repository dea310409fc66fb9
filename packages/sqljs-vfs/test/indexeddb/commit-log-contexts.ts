/** Several contexts on one commit store in memory, and a model of the file that they share. */
import assert from 'node:assert/strict';
import { SqliteError, UncertainCommit, isBusy } from '../../src/index.ts';
import type { CheckpointPolicy } from '../../src/storages/indexeddb/checkpoint.ts';
import { CommitLog } from '../../src/storages/indexeddb/commit-log.ts';
import type { FileMirror } from '../../src/storages/indexeddb/file-mirror.ts';
import { SerialQueue } from '../../src/serial-queue.ts';
import { MemoryCommitStore, MemoryDatabase, type StoreFault } from './memory-commit-store.ts';

/** Room for a few chunks, so that the cache drops some all the time. */
const CACHE_SIZE_BYTES: number = 256 * 1024;

/** The first key of an encrypted database. */
export const KEY: Uint8Array = new Uint8Array(32).fill(7);
const NO_CHANGE: Change = { kind: 'add', offset: 0, sizeBytes: 0, amount: 0 };

/** A change of the file. Adding shows lost and repeated commits, which setting bytes would hide. */
export type Change =
  | { readonly kind: 'add'; readonly offset: number; readonly sizeBytes: number; readonly amount: number }
  | { readonly kind: 'truncate'; readonly sizeBytes: number };

function applyToMirror(mirror: FileMirror, change: Change): void {
  if (change.kind === 'truncate') return mirror.truncate(change.sizeBytes);
  const bytes = mirror.copyOut(change.offset, change.sizeBytes);
  mirror.write(
    bytes.map((byte) => byte + change.amount),
    change.offset,
  );
}

/** The expected content, as a plain array. */
class Model {
  bytes: Uint8Array = new Uint8Array(0);

  apply(change: Change): void {
    if (change.kind === 'truncate') return this.#resize(change.sizeBytes);
    const end = change.offset + change.sizeBytes;
    this.#resize(Math.max(this.bytes.length, end));
    for (let at = change.offset; at < end; at++) this.bytes[at] = (this.bytes[at] ?? 0) + change.amount;
  }

  #resize(sizeBytes: number): void {
    const resized = new Uint8Array(sizeBytes);
    resized.set(this.bytes.subarray(0, sizeBytes));
    this.bytes = resized;
  }
}

/** Contexts on one store, and the model of its content. */
export class Contexts {
  readonly database: MemoryDatabase = new MemoryDatabase();
  readonly model: Model = new Model();
  readonly policy: { -readonly [Key in keyof CheckpointPolicy]: CheckpointPolicy[Key] };
  readonly #locks: SerialQueue | undefined;
  readonly #encrypted: boolean;
  readonly all: Context[] = [];
  #key: Uint8Array = KEY;

  constructor({
    policy,
    locks,
    encrypted = false,
  }: {
    readonly policy: CheckpointPolicy;
    readonly locks: boolean;
    readonly encrypted?: boolean;
  }) {
    this.policy = { ...policy };
    this.#encrypted = encrypted;
    this.#locks = locks ? new SerialQueue() : undefined;
    for (let index = 0; index < 3; index++) this.all.push(this.open(index));
  }

  /** Opens a context. The last one has the whole file in memory, as a page without a worker. */
  open(index: number = 0): Context {
    const withWriterLock = <T>(work: () => Promise<T>): Promise<T> =>
      this.#locks ? this.#locks.run(work) : work();
    const context = new Context(this, { withWriterLock, readsOnDemand: index < 2 });
    if (this.#encrypted) context.log.useKey(this.#key);
    return context;
  }

  at(index: number): Context {
    return this.all[index] as Context;
  }

  /** Gives an encrypted database another key, through a context. The others go on, and new ones need the key that is stored. */
  async changeKey(context: Context): Promise<void> {
    const newKey = this.#key.map((byte) => byte + 1);
    if (!this.#encrypted || !(await context.changeKey(newKey))) return;
    this.#key = newKey;
    // For those that have yet to open the database; the others keep the data key.
    for (const { log } of this.all) log.useKey(newKey);
  }

  /** Compares every context's content, and that of a new one, with the model. @returns the difference, if any */
  async findFault(): Promise<string | undefined> {
    const fresh = this.open();
    for (const [index, context] of [...this.all, fresh].entries()) {
      if (!(await context.reads(this.model.bytes))) return `context ${index} reads something else`;
    }
    fresh.log.close();
    const { meta, parts } = this.database.state;
    const recordBytes = parts.reduce((total, { bytes }) => total + bytes.byteLength, 0);
    if (meta?.uncheckpointedBytes !== recordBytes)
      return `${recordBytes} bytes of records, not ${meta?.uncheckpointedBytes}`;
    if (parts.some(({ version }) => version <= meta.checkpointedVersion))
      return 'a checkpointed commit is still stored';
    return undefined;
  }

  close(): void {
    for (const context of this.all) context.log.close();
  }
}

/** A tab or worker. */
export class Context {
  readonly log: CommitLog;
  readonly store: MemoryCommitStore;
  /** The write that runs now. Others of this context may be queued. */
  #running: { readonly change: Change; commits: number } | undefined;

  constructor(
    contexts: Contexts,
    {
      withWriterLock,
      readsOnDemand,
    }: {
      readonly withWriterLock: <T>(work: () => Promise<T>) => Promise<T>;
      readonly readsOnDemand: boolean;
    },
  ) {
    this.store = new MemoryCommitStore(contexts.database, readsOnDemand, () => {
      if (!this.#running) throw new Error('a commit without a write');
      this.#running.commits++;
      contexts.model.apply(this.#running.change);
    });
    this.log = new CommitLog({
      name: 'test',
      store: this.store,
      withWriterLock,
      checkpointPolicy: contexts.policy,
      cacheSizeBytes: CACHE_SIZE_BYTES,
    });
  }

  /** Reads the file, as SQLite reads its schema after a rollback. That fails where handles have died. */
  readAll(): void {
    const { mirror } = this.log;
    mirror.copyOut(0, mirror.sizeBytes);
  }

  /**
   * Commits a change, again after every SQLITE_BUSY. Checks that an acknowledged change was stored once, and a refused
   * one not at all.
   * @returns its failure
   */
  async commit(change: Change): Promise<SqliteError | UncertainCommit | undefined> {
    for (;;) {
      const running = { change, commits: 0 };
      let changes = false;
      const write = this.log.writeTransaction(
        () => {
          this.#running = running;
          applyToMirror(this.log.mirror, change);
          changes = this.log.mirror.dirty;
        },
        () => this.readAll(),
      );
      const failure: unknown = await write.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure instanceof UncertainCommit)
        assert(running.commits <= 1, 'an uncertain change is stored twice');
      else if (failure === undefined)
        assert.equal(running.commits, changes ? 1 : 0, 'times an acknowledged change is stored');
      else {
        if (!(failure instanceof SqliteError)) throw failure as Error;
        assert.equal(running.commits, 0, 'times a refused change is stored');
      }
      if (!isBusy(failure)) return failure;
    }
  }

  /** Changes the key, again after every SQLITE_BUSY. @returns true when the new key was stored, whatever the answer */
  async changeKey(newKey: Uint8Array): Promise<boolean> {
    for (;;) {
      const running = { change: NO_CHANGE, commits: 0 };
      this.#running = running;
      const failure: unknown = await this.log.changeKey(newKey).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert(running.commits <= 1, 'a key is stored twice');
      if (failure === undefined) assert.equal(running.commits, 1, 'times an acknowledged key is stored');
      if (running.commits > 0 || !isBusy(failure)) return running.commits > 0;
    }
  }

  /** Reads the file and compares it, in a read transaction or in a write transaction that changes nothing. */
  async reads(expected: Uint8Array, transaction: 'read' | 'write' = 'read'): Promise<boolean> {
    const content = (): Uint8Array => this.log.mirror.copyOut(0, this.log.mirror.sizeBytes);
    const read = (): Promise<Uint8Array> =>
      transaction === 'read'
        ? this.log.readTransaction(content)
        : this.log.writeTransaction(content, () => this.readAll());
    // A lost connection fails the next transaction, once.
    const bytes = await read().catch(read);
    return Buffer.compare(bytes, expected) === 0;
  }

  async stepThroughCheckpoint(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.log.checkpointStep();
  }

  /** Injects a fault into the next read-write transaction, of a commit or a checkpoint. */
  injectFault(fault: StoreFault): void {
    this.store.fault = fault;
  }
}
