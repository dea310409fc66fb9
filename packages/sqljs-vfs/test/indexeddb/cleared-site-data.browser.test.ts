/** The user clears the site's data while a page writes. Chromium may then tell a transaction nothing of its end. */
import { cdp } from 'vitest/browser';
import { expect, it } from 'vitest';
import { VfsError, openDatabase } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storages/indexeddb/indexeddb.browser.ts';

const ROUNDS = 12;

/** Clears IndexedDB as the browser's settings do. */
async function clearSiteData(): Promise<void> {
  const { send } = cdp() as unknown as { send(method: string, parameters: object): Promise<unknown> };
  await send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' });
}

it('every write settles when site data is cleared while it runs, and the next call says STORAGE_RESET', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const durable = await openDatabase(indexedDbStorage(crypto.randomUUID()));
    const write = (sql: string): Promise<void> =>
      durable.writeTransaction(() => void durable.database.exec(sql));
    await write('CREATE TABLE t(x)');
    const writeUntilItFails = async (): Promise<never> => {
      for (;;) await write('INSERT INTO t VALUES (1)');
    };
    const failure = writeUntilItFails().catch((error: unknown) => error);
    // A few commits come first, so that the data is cleared while one of them is under way.
    await write('INSERT INTO t VALUES (1)');
    await clearSiteData();
    expect(await failure).toBeInstanceOf(Error);
    const next = await write('INSERT INTO t VALUES (2)').catch((error: unknown) => error);
    expect(next).toBeInstanceOf(VfsError);
    expect(next).toMatchObject({ code: 'STORAGE_RESET' });
    durable.close();
  }
});
