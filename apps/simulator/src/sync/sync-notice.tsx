import type { ReactNode } from 'react';
import { viewAddress } from '../address/address.ts';
import { linkTo } from '../address/navigation.ts';
import { useSync } from './page-sync.ts';
import { troubleOf } from './sync-words.ts';
import '../components/connection-notice.css';

/** Tells on every view that the synchronisation does not work, where that does not pass by itself. */
export function SyncNotice(): ReactNode {
  const view = useSync();
  const trouble = view.phase === 'set up' ? troubleOf(view.status) : undefined;
  if (trouble === undefined) return null;
  return (
    <p className="connection-notice" role="status">
      <strong>Synchronisation:</strong> {trouble} <a href={linkTo(viewAddress('database'))}>What to do</a>
    </p>
  );
}
