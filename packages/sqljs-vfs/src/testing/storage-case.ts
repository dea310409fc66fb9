import type { FileOpenMode, FileRole, Storage, StorageFile } from '../contract/storage.ts';
import type { DurableDatabase } from '../durable-database.ts';
import { type OpenDatabaseOptions, openDatabase } from '../open-database.ts';
import type { StorageHarness } from './storage-harness.ts';
import type { TestFramework } from './test-framework.ts';

/** One thing a storage must do. */
export interface StorageCase {
  /** Starts with the promise of `storage.ts` it holds the storage to, or with `database`. */
  readonly title: string;
  run(context: StorageTestContext): void | Promise<void>;
}

/** A fresh place and everything a case opens on it; whatever the case leaves open is closed at the end. */
export class StorageTestContext {
  readonly expect: TestFramework['expect'];
  readonly #harness: StorageHarness;
  readonly #opened: (() => void)[] = [];

  constructor(harness: StorageHarness, expect: TestFramework['expect']) {
    this.#harness = harness;
    this.expect = expect;
  }

  /** Another storage on the place. */
  storage(): Storage {
    return this.#harness.storage();
  }

  /** Opens a file (made if missing, unless the mode says otherwise) through another storage on the place. */
  file(role: FileRole = 'main', mode: Partial<FileOpenMode> = {}): StorageFile {
    const file = this.storage().open(role, { create: true, exclusive: false, readOnly: false, ...mode });
    let open = true;
    const closeOnce = (): void => {
      if (open) close();
      open = false;
    };
    const close = file.close.bind(file);
    file.close = closeOnce;
    this.#opened.push(closeOnce);
    return file;
  }

  /** Opens the database through another storage on the place, or through the one given. */
  async database(
    options: OpenDatabaseOptions = {},
    storage: Storage = this.storage(),
  ): Promise<DurableDatabase> {
    const database = await openDatabase(storage, { busyDeadlineMs: 0, ...options });
    this.#opened.push(() => database.close());
    return database;
  }

  /** The bytes of a file as they are now; empty where there is no file. */
  bytes(role: FileRole = 'main'): Uint8Array {
    if (!this.storage().exists(role)) return new Uint8Array(0);
    const file = this.file(role, { create: false, readOnly: true });
    const bytes = new Uint8Array(file.sizeBytes());
    file.read(bytes, 0);
    file.close();
    return bytes;
  }

  /** Closes what is still open and takes the place away. */
  async end(): Promise<void> {
    for (const close of this.#opened.toReversed()) close();
    await this.#harness.remove?.();
  }
}

/** What a call throws; fails the test when it throws nothing. */
export function thrownBy(
  call: () => unknown,
): Error & { readonly code?: unknown; readonly resultCode?: unknown } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, got none');
}

/** What a promise rejects with; fails the test when it does not. */
export async function rejectionOf(
  promise: Promise<unknown>,
): Promise<Error & { readonly code?: unknown; readonly resultCode?: unknown }> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error: error as Error }),
  );
  if (!outcome) throw new Error('expected a rejection, got none');
  return outcome.error;
}

/** So many bytes that differ from zero and from their neighbours. */
export function patternBytes(sizeBytes: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => 1 + ((index + seed * 31) % 251));
}

/** Whether two arrays hold the same bytes; an assertion on whole images takes seconds. */
export function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, index) => byte === others[index]);
}

/** Whether every byte is zero. */
export function allZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
