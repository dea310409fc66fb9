/**
 * Calls the listener when this page is restored from the back-forward cache. While frozen there, the page received no
 * change notifications.
 * @returns a function that stops it
 */
export function onBfcacheRestore(listener: () => void): () => void {
  const onPageShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) listener();
  };
  // A worker never gets the event, so the page's client tells its worker.
  globalThis.addEventListener('pageshow', onPageShow);
  return () => globalThis.removeEventListener('pageshow', onPageShow);
}
