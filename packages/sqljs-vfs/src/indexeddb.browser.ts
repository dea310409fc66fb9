export { indexedDbStorage, type IndexedDbStorageOptions } from './storages/indexeddb/indexeddb.browser.ts';
