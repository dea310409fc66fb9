import type { FileOpenMode, FileRole, Storage, StorageFile } from '../contract/storage.ts';
import type { DurableDatabase } from '../durable-database.ts';
import { type OpenDatabaseOptions, openDatabase } from '../open-database.ts';
import type { StorageHarness } from './storage-harness.ts';
import type { TestFramework } from './test-framework.ts';

/** One requirement on every storage. */
export interface StorageCase {
  /** Begins with a promise of `storage.ts` (`promise 5`) or with a group of cases (`database`, `sharing`, …). */
  readonly title: string;
  run(context: StorageTestContext): void | Promise<void>;
}

/** A new harness, and the files and databases that a case opens on it. Those still open at the end are closed. */
export class StorageTestContext {
  readonly expect: TestFramework['expect'];
  readonly #harness: StorageHarness;
  readonly #opened: (() => void)[] = [];

  constructor(harness: StorageHarness, expect: TestFramework['expect']) {
    this.#harness = harness;
    this.expect = expect;
  }

  /** Makes another storage on the same content. */
  storage(): Storage {
    return this.#harness.storage();
  }

  /** Opens a file through another storage. The file is created if it is missing, unless the mode says otherwise. */
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

  /** Opens the database through the given storage, by default through another one. */
  async database(
    options: OpenDatabaseOptions = {},
    storage: Storage = this.storage(),
  ): Promise<DurableDatabase> {
    const { key } = this.#harness;
    const database = await openDatabase(storage, {
      busyDeadlineMs: 0,
      ...(key !== undefined && { key }),
      ...options,
    });
    this.#opened.push(() => database.close());
    return database;
  }

  /** Reads a file's current bytes. Returns an empty array if there is no file. */
  bytes(role: FileRole = 'main'): Uint8Array {
    if (!this.storage().exists(role)) return new Uint8Array(0);
    const file = this.file(role, { create: false, readOnly: true });
    const bytes = new Uint8Array(file.sizeBytes());
    file.read(bytes, 0);
    file.close();
    return bytes;
  }

  /** Closes files and databases that are still open, and removes the harness's content. */
  async end(): Promise<void> {
    for (const close of this.#opened.toReversed()) close();
    await this.#harness.remove?.();
  }
}

/** Returns the error that a call throws. Fails the test when the call throws nothing. */
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

/** Returns the error that a promise rejects with. Fails the test when the promise resolves. */
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

/** Makes bytes that differ from zero and from their neighbours. */
export function patternBytes(sizeBytes: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => 1 + ((index + seed * 31) % 251));
}

/** Compares two arrays. An assertion of the test framework on whole images takes seconds. */
export function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, index) => byte === others[index]);
}

/** True when every byte is zero. */
export function allZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
