/**
 * Calls back whenever this page returns from the back-forward cache. Asleep there it has heard of nobody's commits.
 * @returns what ends it
 */
export function onPageReturn(listener: () => void): () => void {
  const heard = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) listener();
  };
  // A worker never gets the event; its page tells it.
  globalThis.addEventListener('pageshow', heard);
  return () => globalThis.removeEventListener('pageshow', heard);
}
