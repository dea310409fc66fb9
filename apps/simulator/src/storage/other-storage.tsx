import type { Info } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import type { KeptStorage } from '../database/database.ts';

/** Where else this browser can keep a database, by where the one shown is. */
const OTHERS: Readonly<
  Record<KeptStorage, { readonly address: string; readonly name: string; readonly why: string }>
> = {
  indexeddb: {
    address: '?storage=opfs',
    name: 'the origin private file system (OPFS)',
    why: 'It is read in place, so it may be larger than memory; tabs take turns on it.',
  },
  opfs: {
    address: '?',
    name: 'IndexedDB',
    why: 'It is held in memory while it is open; every tab has it at once.',
  },
};

/** The way to the database in this browser's other storage. */
export function OtherStorage({ storage }: { storage: Info['storage'] }): ReactNode {
  if (storage !== 'indexeddb' && storage !== 'opfs') return null;
  const { address, name, why } = OTHERS[storage];
  return (
    <p className="muted">
      <a href={address}>Open the database in {name}</a>. {why} It is a database of its own: what is here stays
      here, and a download imported there takes it along.
    </p>
  );
}
