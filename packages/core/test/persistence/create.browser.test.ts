/** `create: false` in a page: a name that is missing is refused, and nothing comes into being. */
import { expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';

/** Lists the databases of an origin: the names in IndexedDB and the folders of the private file system. */
async function storedNames(): Promise<string[]> {
  const names = (await indexedDB.databases()).map(({ name = '' }) => name);
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('sqljs-vfs', { create: true });
  for await (const name of folder.keys()) names.push(name);
  return names.toSorted();
}

it.each([
  ['indexeddb, in process', { storage: 'indexeddb', worker: false }],
  ['indexeddb, in a worker', { storage: 'indexeddb', worker: true }],
  ['opfs, in a worker', { storage: 'opfs', worker: true }],
  ['opfs, exclusive', { storage: 'opfs', worker: true, exclusive: true }],
] as const)('refuses a missing database and opens an existing one: %s', async (_, own) => {
  const name = crypto.randomUUID();
  const before = await storedNames();
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(await rejectionOf(openPersistence({ ...own, name, create: false }))).toMatchObject({
      name: 'PersistenceError',
      code: 'NOT_FOUND',
    });
  }
  expect(await storedNames()).toEqual(before);

  const created = await openPersistence({ ...own, name });
  await created.saveReceipt(receiptOf('a'));
  await created.close();
  await using again = await openPersistence({ ...own, name, create: false });
  expect(await again.queryReceipts()).toHaveLength(1);
});
