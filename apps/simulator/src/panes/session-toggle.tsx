import type { ReactNode } from 'react';
import { setPaneLayout, usePaneLayout } from './pane-layout.ts';

/** Folds the session away, so that the data has the whole width, and brings it back. */
export function SessionToggle(): ReactNode {
  const isFolded = usePaneLayout().isFolded ?? false;
  return (
    <button
      type="button"
      className="button"
      aria-pressed={!isFolded}
      onClick={() => setPaneLayout({ isFolded: !isFolded })}
    >
      Session
    </button>
  );
}
