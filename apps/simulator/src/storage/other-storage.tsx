import type { Info } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import type { PersistentStorage } from '../database/database.ts';

/** The other storage of this browser, by the storage of the open database. */
const OTHERS: Readonly<
  Record<PersistentStorage, { readonly url: string; readonly name: string; readonly properties: string }>
> = {
  indexeddb: {
    url: '?storage=opfs',
    name: 'the origin private file system (OPFS)',
    properties:
      'OPFS reads the file in place, so the database may be larger than memory, and only one tab uses it at a time.',
  },
  opfs: {
    url: '?',
    name: 'IndexedDB',
    properties: 'IndexedDB keeps the open database in memory, and all tabs use it at the same time.',
  },
};

/** Links to the database in this browser's other storage. */
export function OtherStorage({ storage }: { storage: Info['storage'] }): ReactNode {
  if (storage !== 'indexeddb' && storage !== 'opfs') return null;
  const { url, name, properties } = OTHERS[storage];
  return (
    <p className="muted">
      <a href={url}>Open the database in {name}</a>. {properties} The two databases are separate. To move your
      data, download it here and import it there.
    </p>
  );
}
