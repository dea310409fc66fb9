/** The user's layout of the page, kept in this browser. */
import { useSyncExternalStore } from 'react';

/** Sizes of the two panes in percent, and whether the session is folded away. */
export interface PaneLayout {
  /** Undefined until the user chooses: then the session is folded where there is data and no session. */
  readonly isFolded: boolean | undefined;
  readonly sizes: Readonly<Record<string, number>> | undefined;
}

const STORAGE_KEY = 'ggen-sim-panes';
const UNCHOSEN: PaneLayout = { isFolded: undefined, sizes: undefined };

let layout: PaneLayout = storedLayout();
/** What the user chose; a fold by itself is for one visit. */
let chosenFold: boolean | undefined = layout.isFolded;
const listeners = new Set<() => void>();

/** Returns the layout and renders the component again when it changes. */
export function usePaneLayout(): PaneLayout {
  return useSyncExternalStore(subscribe, () => layout);
}

/** Changes the layout, also for the next visit. */
export function setPaneLayout(change: Partial<PaneLayout>): void {
  layout = { ...layout, ...change };
  chosenFold = change.isFolded ?? chosenFold;
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...layout, isFolded: chosenFold }));
  } catch {
    // Site data is blocked: the layout lasts until the page is closed.
  }
  for (const listener of listeners) listener();
}

/** Folds the session for this visit, unless the user has chosen: data without a session gets the whole width. */
export function foldUnlessChosen(isFolded: boolean): void {
  if (layout.isFolded !== undefined) return;
  layout = { ...layout, isFolded };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function storedLayout(): PaneLayout {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null') as Partial<PaneLayout> | null;
    if (typeof stored !== 'object' || stored === null) return UNCHOSEN;
    const { isFolded, sizes } = stored;
    const areSizes =
      typeof sizes === 'object' && Object.values(sizes).every((size) => typeof size === 'number');
    return {
      isFolded: typeof isFolded === 'boolean' ? isFolded : undefined,
      sizes: areSizes ? sizes : undefined,
    };
  } catch {
    return UNCHOSEN;
  }
}
