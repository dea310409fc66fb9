/** Ids of the engines in a page. The Node side checks `--engines` with them; engines themselves load only in a page. */
export const BROWSER_ENGINE_IDS = [
  'ggen-sim-indexeddb',
  'ggen-sim-indexeddb-worker',
  'ggen-sim-indexeddb-worker-encrypted',
  'ggen-sim-indexeddb-relaxed',
  'ggen-sim-opfs',
  'ggen-sim-opfs-worker',
  'ggen-sim-opfs-exclusive-page',
  'ggen-sim-opfs-exclusive',
  'wa-sqlite-indexeddb',
  'wa-sqlite-indexeddb-mirror',
  'pglite-indexeddb',
  'sqljs-export',
  'wa-sqlite-opfs-delete',
  'sqlite-wasm-delete',
  'wa-sqlite-opfs-wal',
  'sqlite-wasm-wal',
  'pglite-opfs',
  'ggen-sim-memory',
] as const;

export type BrowserEngineId = (typeof BROWSER_ENGINE_IDS)[number];
