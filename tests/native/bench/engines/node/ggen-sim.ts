import { KEY } from '../../dataset/encryption-key.ts';
import type { NodeEngine } from './node-engine.ts';

export const ggenSimFile: NodeEngine = {
  id: 'ggen-sim-file',
  title: 'ggen-sim, file',
  ggenSim: true,
  durability: 'power loss: journal_mode=TRUNCATE, synchronous=FULL; shared with other processes',
  open: (path) => openGgenSim({ path }),
};

export const ggenSimExclusive: NodeEngine = {
  id: 'ggen-sim-exclusive',
  title: 'ggen-sim, file, exclusive',
  ggenSim: true,
  durability: 'power loss: journal_mode=WAL, synchronous=FULL; one process owns the file',
  open: (path) => openGgenSim({ path, exclusive: true }),
};

export const ggenSimFileEncrypted: NodeEngine = {
  ...ggenSimFile,
  id: 'ggen-sim-file-encrypted',
  title: 'ggen-sim, file, encrypted',
  encrypted: true,
  open: (path) => openGgenSim({ path, key: KEY }),
};

export const ggenSimExclusiveEncrypted: NodeEngine = {
  ...ggenSimExclusive,
  id: 'ggen-sim-exclusive-encrypted',
  title: 'ggen-sim, file, exclusive, encrypted',
  encrypted: true,
  open: (path) => openGgenSim({ path, exclusive: true, key: KEY }),
};

async function openGgenSim(options: {
  path: string;
  exclusive?: boolean;
  key?: Uint8Array;
}): ReturnType<NodeEngine['open']> {
  const [{ openPersistence }, { ggenSimSession }] = await Promise.all([
    import('@ggen-sim/core'),
    import('../ggen-sim-session.ts'),
  ]);
  return ggenSimSession(await openPersistence({ storage: 'file', ...options }));
}
