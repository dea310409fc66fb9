import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { Address } from '../address/address.ts';

// Loaded with the first record.
const RecordDialog = lazy(async () => ({ default: (await import('./record-dialog.tsx')).RecordDialog }));

/** Shows the record of the address. The dialog stays once it is there, so that it sees itself being closed. */
export function RecordView({ address }: { address: Address }): ReactNode {
  const [isNeeded, setIsNeeded] = useState(false);
  if (!isNeeded && address.record !== undefined) setIsNeeded(true);
  if (!isNeeded) return null;
  return (
    <Suspense fallback={null}>
      <RecordDialog address={address} />
    </Suspense>
  );
}
