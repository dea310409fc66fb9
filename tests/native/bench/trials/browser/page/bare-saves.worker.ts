/** The shape of a save without ggen-sim's code: a get, a record of the size of a commit, the meta record; strict. */
const RECORD_BYTES = 4500;

function transact(database: IDBDatabase, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('pages', 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore('pages');
    const get = store.get('meta');
    get.addEventListener('success', () => transaction.commit());
    store.put(new ArrayBuffer(RECORD_BYTES), ['commit', index, 0]);
    store.put({ version: index }, 'meta');
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('aborted')));
  });
}

globalThis.addEventListener('message', ({ data: count }: MessageEvent<number>) => {
  const request = indexedDB.open('bare', 1);
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore('pages'));
  request.addEventListener('success', () => {
    void (async () => {
      const durationsMs: number[] = [];
      for (let index = 0; index < count; index++) {
        const start = performance.now();
        await transact(request.result, index);
        durationsMs.push(performance.now() - start);
      }
      globalThis.postMessage(durationsMs);
    })();
  });
});
