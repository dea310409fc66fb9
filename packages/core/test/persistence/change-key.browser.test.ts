/** `changeKey` in a browser, on both storages: rows stay, the former key is refused, and nothing readable is left. */
import { expect, it } from 'vitest';
import { changeKey, openPersistence } from '../../src/index.ts';
import { collect, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';

const FIRST = new Uint8Array(32).fill(1);
const SECOND = 'correct horse battery staple';

it.each([
  ['OPFS', { storage: 'opfs' }],
  ['OPFS, exclusive', { storage: 'opfs', exclusive: true }],
  ['IndexedDB', { storage: 'indexeddb' }],
] as const)('%s: encrypts, changes the key, and decrypts', async (_, storage) => {
  const database = { ...storage, name: crypto.randomUUID() };
  const open = (key: Uint8Array | string | undefined) =>
    openPersistence({ ...database, create: false, ...(key !== undefined && { key }) });
  const made = await openPersistence(database);
  await made.saveReceipt(receiptOf('before'));
  await made.close();
  const keys = [undefined, FIRST, SECOND, undefined];
  for (const [index, newKey] of keys.slice(1).entries()) {
    const key = keys[index];
    await changeKey({ ...database, ...(key !== undefined && { key }) }, { newKey });
    const code = key === undefined ? 'KEY_REQUIRED' : 'WRONG_KEY';
    expect(await rejectionOf(open(key))).toMatchObject({ code });
    const db = await open(newKey);
    expect((await db.info()).encryption !== null).toBe(newKey !== undefined);
    await db.saveReceipt(receiptOf(`after ${index}`));
    expect(await collect(db.queryReceipts())).toHaveLength(index + 2);
    expect((await db.verify()).ok).toBe(true);
    await db.close();
  }
});
