import type { OpenOptions } from '@ggen-sim/core';
import { KEY } from '../../dataset/encryption-key.ts';
import type { Session } from '../engine.ts';
import { ggenSimSession } from '../ggen-sim-session.ts';
import type { BrowserEngine, SeedSource } from './browser-engine.ts';
import { storeExtents } from './indexeddb-extents.ts';

/** An image of more rows is larger than an array may be. */
const IMPORTED_WHOLE_BELOW = 1_000_000;

const STRICT_INDEXEDDB = 'power loss: one strict transaction a commit; shared between tabs';
const STRICT_OPFS = 'power loss: journal_mode=TRUNCATE, synchronous=FULL, flushed; shared between tabs';
const EXCLUSIVE_OPFS = 'power loss: journal_mode=WAL, synchronous=FULL, flushed; one tab owns the files';

/** Every way to open ggen-sim in a page; with its worker, and in process within the worker of the trial. */
export const GGEN_SIM: readonly BrowserEngine[] = [
  ggenSim(
    { id: 'ggen-sim-indexeddb', title: 'ggen-sim, IndexedDB', durability: STRICT_INDEXEDDB },
    { storage: 'indexeddb' },
    'page',
  ),
  ggenSim(
    {
      id: 'ggen-sim-indexeddb-worker',
      title: 'ggen-sim, IndexedDB, called in the worker',
      durability: STRICT_INDEXEDDB,
    },
    { storage: 'indexeddb' },
    'worker',
  ),
  ggenSim(
    {
      id: 'ggen-sim-indexeddb-worker-encrypted',
      title: 'ggen-sim, IndexedDB, encrypted, called in the worker',
      durability: STRICT_INDEXEDDB,
    },
    { storage: 'indexeddb', key: KEY },
    'worker',
  ),
  ggenSim(
    {
      id: 'ggen-sim-indexeddb-relaxed',
      title: 'ggen-sim, IndexedDB relaxed, called in the worker',
      durability: 'end of the process: one relaxed transaction a commit',
    },
    { storage: 'indexeddb', durability: 'relaxed' },
    'worker',
  ),
  ggenSim(
    { id: 'ggen-sim-opfs', title: 'ggen-sim, OPFS', durability: STRICT_OPFS },
    { storage: 'opfs' },
    'page',
  ),
  ggenSim(
    { id: 'ggen-sim-opfs-worker', title: 'ggen-sim, OPFS, called in the worker', durability: STRICT_OPFS },
    { storage: 'opfs' },
    'worker',
  ),
  ggenSim(
    { id: 'ggen-sim-opfs-exclusive-page', title: 'ggen-sim, OPFS exclusive', durability: EXCLUSIVE_OPFS },
    { storage: 'opfs', exclusive: true },
    'page',
  ),
  ggenSim(
    {
      id: 'ggen-sim-opfs-exclusive',
      title: 'ggen-sim, OPFS exclusive, called in the worker',
      durability: EXCLUSIVE_OPFS,
    },
    { storage: 'opfs', exclusive: true },
    'worker',
  ),
];

/** The floor: what is left when nothing is kept. It is filled each time it is opened. */
export const GGEN_SIM_MEMORY: BrowserEngine = {
  id: 'ggen-sim-memory',
  title: 'ggen-sim, in memory, called in the worker',
  ggenSim: true,
  durability: 'nothing: the floor',
  host: 'worker',
  fills: 'image',
  keepsNothing: true,
  fill: () => Promise.resolve(),
  async open(_name, source) {
    const { openPersistence } = await import('@ggen-sim/core');
    const db = await openPersistence({ storage: 'memory', worker: false });
    await db.importImage(await source.image());
    return ggenSimSession(db);
  },
};

type Storage =
  | { readonly storage: 'indexeddb'; readonly durability?: 'relaxed'; readonly key?: Uint8Array }
  | { readonly storage: 'opfs'; readonly exclusive?: true };

function ggenSim(
  facts: Pick<BrowserEngine, 'id' | 'title' | 'durability'>,
  storage: Storage,
  host: BrowserEngine['host'],
): BrowserEngine {
  const open = async (name: string): Promise<Session> => {
    const { openPersistence } = await import('@ggen-sim/core');
    const options: OpenOptions = { ...storage, name, worker: host === 'page' };
    return ggenSimSession(await openPersistence(options));
  };
  return {
    ...facts,
    ggenSim: true,
    host,
    fills: 'image',
    open,
    fill: (name, source) => fill(storage, host, name, source),
  };
}

async function fill(
  storage: Storage,
  host: BrowserEngine['host'],
  name: string,
  source: SeedSource,
): Promise<void> {
  const { openPersistence } = await import('@ggen-sim/core');
  const options: OpenOptions = { ...storage, name, worker: host === 'page' };
  const db = await openPersistence(options);
  if (storage.storage === 'indexeddb' && !storage.key && source.seed.rowCount >= IMPORTED_WHOLE_BELOW) {
    await db.close();
    return storeExtents(name, await source.blob());
  }
  await db.importImage(await source.image());
  await db.close();
}
