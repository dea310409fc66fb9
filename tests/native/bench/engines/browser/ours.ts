import type { OpenOptions } from '@ggen-sim/core';
import type { EngineFacts, Session } from '../engine.ts';
import { ourSession } from '../our-session.ts';
import type { BrowserEngine, SeedSource } from './browser-engine.ts';

const STRICT_INDEXEDDB = 'power loss: one strict transaction a commit; shared between tabs';
const STRICT_OPFS = 'power loss: journal_mode=TRUNCATE, synchronous=FULL, flushed; shared between tabs';
const EXCLUSIVE_OPFS = 'power loss: journal_mode=WAL, synchronous=FULL, flushed; one tab owns the files';

/** Every way to open ours in a page; with its worker, and in process within the worker of the trial. */
export const OURS: readonly BrowserEngine[] = [
  ours(
    { id: 'ours-indexeddb', title: 'ours, IndexedDB', durability: STRICT_INDEXEDDB },
    { storage: 'indexeddb' },
    'page',
  ),
  ours(
    {
      id: 'ours-indexeddb-worker',
      title: 'ours, IndexedDB, called in the worker',
      durability: STRICT_INDEXEDDB,
    },
    { storage: 'indexeddb' },
    'worker',
  ),
  ours(
    {
      id: 'ours-indexeddb-relaxed',
      title: 'ours, IndexedDB relaxed, called in the worker',
      durability: 'end of the process: one relaxed transaction a commit',
    },
    { storage: 'indexeddb', durability: 'relaxed' },
    'worker',
  ),
  ours({ id: 'ours-opfs', title: 'ours, OPFS', durability: STRICT_OPFS }, { storage: 'opfs' }, 'page'),
  ours(
    { id: 'ours-opfs-worker', title: 'ours, OPFS, called in the worker', durability: STRICT_OPFS },
    { storage: 'opfs' },
    'worker',
  ),
  ours(
    { id: 'ours-opfs-exclusive-page', title: 'ours, OPFS exclusive', durability: EXCLUSIVE_OPFS },
    { storage: 'opfs', exclusive: true },
    'page',
  ),
  ours(
    {
      id: 'ours-opfs-exclusive',
      title: 'ours, OPFS exclusive, called in the worker',
      durability: EXCLUSIVE_OPFS,
    },
    { storage: 'opfs', exclusive: true },
    'worker',
  ),
];

/** The floor: what is left when nothing is kept. It is filled each time it is opened. */
export const OURS_MEMORY: BrowserEngine = {
  id: 'ours-memory',
  title: 'ours, in memory, called in the worker',
  ours: true,
  durability: 'nothing: the floor',
  host: 'worker',
  fills: 'image',
  keepsNothing: true,
  fill: () => Promise.resolve(),
  async open(_name, source) {
    const { openPersistence } = await import('@ggen-sim/core');
    const db = await openPersistence({ storage: 'memory', worker: false });
    await db.importImage(await source.image());
    return ourSession(db);
  },
};

type Storage =
  | { readonly storage: 'indexeddb'; readonly durability?: 'relaxed' }
  | { readonly storage: 'opfs'; readonly exclusive?: true };

function ours(
  facts: Pick<EngineFacts, 'id' | 'title' | 'durability'>,
  storage: Storage,
  host: BrowserEngine['host'],
): BrowserEngine {
  const open = async (name: string): Promise<Session> => {
    const { openPersistence } = await import('@ggen-sim/core');
    const options: OpenOptions = { ...storage, name, worker: host === 'page' };
    return ourSession(await openPersistence(options));
  };
  return {
    ...facts,
    ours: true,
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
  await db.importImage(await source.image());
  await db.close();
}
