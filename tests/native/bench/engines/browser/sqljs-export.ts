import { promisifyRequest, type UseStore } from 'idb-keyval';
import { sqlJsConnection } from '../sqljs-connection.ts';
import { sqlSession } from '../sql-session.ts';
import type { BrowserEngine } from './browser-engine.ts';

const STORE = 'files';
const KEY = 'database';

/** sql.js as its users do it in a page: export the database and put the whole file into IndexedDB after every save. */
export const sqlJsExport: BrowserEngine = {
  id: 'sqljs-export',
  title: 'sql.js, the whole file into IndexedDB a save',
  ggenSim: false,
  durability: 'power loss: one strict transaction a save; two tabs overwrite each other',
  host: 'worker',
  fills: 'image',
  async fill(name, source) {
    await put(await openStore(name), await source.image());
  },
  async open(name) {
    const [{ default: initSqlJs }, { default: wasm }, store] = await Promise.all([
      import('sql.js'),
      import('sql.js/dist/sql-wasm-browser.wasm?url'),
      openStore(name),
    ]);
    const sqlJs = await initSqlJs({ locateFile: () => wasm });
    const image = await store('readonly', (files) => promisifyRequest<Uint8Array>(files.get(KEY)));
    const connection = sqlJsConnection(new sqlJs.Database(image));
    return sqlSession(connection, { oneAtATime: true, persist: () => put(store, connection.image()) });
  },
};

/** One object store with strict transactions, which idb-keyval's own does not offer. */
async function openStore(name: string): Promise<UseStore> {
  const request = indexedDB.open(name);
  request.onupgradeneeded = (): void => void request.result.createObjectStore(STORE);
  const database = await promisifyRequest(request);
  return async (mode, use) =>
    use(database.transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE));
}

async function put(store: UseStore, image: Uint8Array): Promise<void> {
  await store('readwrite', async (files) => {
    files.put(image, KEY);
    await promisifyRequest(files.transaction);
  });
}
