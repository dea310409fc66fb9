/** Failures of a change of the key: their codes, the state after them, and what a signal hides. */
import { changeDatabaseKey, MemoryDisk, memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { observedStorage, type StorageCall, wrapStorage } from '@ggen-sim/sqljs-vfs/testing';
import { expect, it } from 'vitest';
import { PersistenceError } from '../../src/index.ts';
import { changeKeyInProcess } from '../../src/persistence/change-key.ts';

const NEW_KEY = new Uint8Array(32).fill(3);
const DATABASE = { storage: 'file', path: 'runs.db' } as const;
const systemFailure = (code: string): Error => Object.assign(new Error(code), { code });

async function filledDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const opened = await openDatabase(memoryStorage(disk));
  opened.database.exec("CREATE TABLE kept(text); INSERT INTO kept VALUES ('x')");
  opened.close();
  return disk;
}

async function isEncrypted(disk: MemoryDisk): Promise<boolean> {
  const key = disk.files.get('main')?.view()[0] === 'S'.charCodeAt(0) ? undefined : NEW_KEY;
  const opened = await openDatabase(memoryStorage(disk), key === undefined ? {} : { key });
  expect(opened.database.exec('SELECT * FROM kept')[0]?.values).toEqual([['x']]);
  opened.close();
  return key !== undefined;
}

/** Encrypts on a storage that fails. @returns the error */
function encrypt(
  disk: MemoryDisk,
  observe: (call: StorageCall) => void,
  signal?: AbortSignal,
): Promise<unknown> {
  const options = { newKey: NEW_KEY, ...(signal && { signal }) };
  return changeKeyInProcess(DATABASE, options, (_, change) =>
    changeDatabaseKey(observedStorage(memoryStorage(disk), observe), change),
  ).catch((error: unknown) => error);
}

it.each([
  { systemCode: 'ENOSPC', verbs: ['write', 'truncate', 'sync', 'delete'], codes: ['DISK_FULL'] },
  {
    systemCode: 'EIO',
    verbs: ['open', 'read', 'write', 'sync', 'delete'],
    codes: ['IO_ERROR', 'INITIALIZATION_FAILED'],
  },
])('$systemCode in any call is $codes, and the key is as it was', async ({ systemCode, verbs, codes }) => {
  const prepared = await filledDisk();
  let failedCount = 0;
  for (let failing = 1; ; failing++) {
    const disk = new MemoryDisk();
    for (const [role, bytes] of prepared.files) disk.files.set(role, bytes.copy());
    let calls = 0;
    const error = await encrypt(disk, ({ verb }) => {
      if (verbs.includes(verb) && ++calls === failing) throw systemFailure(systemCode);
    });
    if (calls < failing) break;
    expect(await isEncrypted(disk)).toBe(error === undefined);
    if (error === undefined) continue;
    failedCount++;
    expect(error).toBeInstanceOf(PersistenceError);
    expect(codes).toContain((error as PersistenceError).code);
  }
  expect(failedCount).toBeGreaterThan(8);
});

it.each([
  ['while the journal is written', 'write', 'ABORTED', false],
  ['when the key is changed', 'delete', 'IO_ERROR', true],
] as const)('a signal that fires %s', async (_, abortingVerb, code, changed) => {
  const disk = await filledDisk();
  const controller = new AbortController();
  const memory = memoryStorage(disk);
  const failing = wrapStorage(memory, {
    delete(role, options) {
      memory.delete(role, options);
      if (changed) throw systemFailure('EIO');
    },
  });
  const storage = observedStorage(failing, ({ verb, role }) => {
    if (verb === abortingVerb && role === 'journal') controller.abort();
  });
  const { signal } = controller;
  const changing = changeKeyInProcess(DATABASE, { newKey: NEW_KEY, signal }, (__, change) =>
    changeDatabaseKey(storage, change),
  );
  await expect(changing).rejects.toMatchObject({ name: 'PersistenceError', code });
  if (changed) await expect(changing).rejects.toThrow('the key of :memory: was changed');
  expect(await isEncrypted(disk)).toBe(changed);
});
