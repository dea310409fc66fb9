import type { NodeEngine } from './node-engine.ts';

export const oursFile: NodeEngine = {
  id: 'ours-file',
  title: 'ours, file',
  ours: true,
  durability: 'power loss: journal_mode=TRUNCATE, synchronous=FULL; shared with other processes',
  open: (path) => openOurs({ path }),
};

export const oursExclusive: NodeEngine = {
  id: 'ours-exclusive',
  title: 'ours, file, exclusive',
  ours: true,
  durability: 'power loss: journal_mode=WAL, synchronous=FULL; one process owns the file',
  open: (path) => openOurs({ path, exclusive: true }),
};

async function openOurs(options: { path: string; exclusive?: boolean }): ReturnType<NodeEngine['open']> {
  const [{ openPersistence }, { ourSession }] = await Promise.all([
    import('@ggen-sim/core'),
    import('../our-session.ts'),
  ]);
  return ourSession(await openPersistence({ storage: 'file', ...options }));
}
