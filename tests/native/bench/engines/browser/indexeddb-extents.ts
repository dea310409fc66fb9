/** The stored format of ggen-sim in IndexedDB, as far as the benchmark needs it (`layout.browser.ts` in sqljs-vfs). */
const STORE = 'pages';
const EXTENT_SIZE_BYTES: number = 1024 * 1024;
const EXTENTS_PER_TRANSACTION = 64;

interface Meta {
  readonly version: number;
  readonly uncheckpointedBytes: number;
}

/** Opens ggen-sim's database itself. It must exist. */
function openStore(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB does not open')));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('aborted')));
  });
}

async function readMeta(database: IDBDatabase): Promise<Meta> {
  const transaction = database.transaction(STORE);
  const request = transaction.objectStore(STORE).get('meta');
  await completed(transaction);
  return request.result as Meta;
}

/** Replaces the content of a database by a file, which need not fit into memory. */
export async function storeExtents(name: string, file: Blob): Promise<void> {
  const database = await openStore(name);
  const meta = await readMeta(database);
  const version = meta.version + 1;
  const count = Math.ceil(file.size / EXTENT_SIZE_BYTES);
  for (let from = 0; from < count; from += EXTENTS_PER_TRANSACTION) {
    const transaction = database.transaction(STORE, 'readwrite');
    const store = transaction.objectStore(STORE);
    for (
      let extentIndex = from;
      extentIndex < Math.min(from + EXTENTS_PER_TRANSACTION, count);
      extentIndex++
    ) {
      const start = extentIndex * EXTENT_SIZE_BYTES;
      const content = file.slice(start, start + EXTENT_SIZE_BYTES);
      store.put({ extentIndex, version, sizeBytes: content.size, content }, ['extent', extentIndex]);
    }
    await completed(transaction);
  }
  const transaction = database.transaction(STORE, 'readwrite');
  const store = transaction.objectStore(STORE);
  store.delete(IDBKeyRange.bound(['commit'], ['commit', []]));
  store.put(
    { ...meta, version, sizeBytes: file.size, checkpointedVersion: version, uncheckpointedBytes: 0 },
    'meta',
  );
  await completed(transaction);
  database.close();
}

/** Returns the size of the commits that wait for a checkpoint. */
export async function waitingBytes(name: string): Promise<number> {
  const database = await openStore(name);
  const { uncheckpointedBytes } = await readMeta(database);
  database.close();
  return uncheckpointedBytes;
}
