/** When this browser showed the page last, to say what has changed since. */

const STORAGE_KEY = 'ggen-sim-last-visit';

/** Time of the visit before this one: ISO 8601 with Z. Undefined at the first visit, and where site data is blocked. */
export const lastVisit: string | undefined = storedVisit();

/** Notes the end of this visit whenever the page is hidden, also before it is closed. @returns a function that ends it */
export function noteVisits(): () => void {
  const note = (): void => {
    if (document.visibilityState !== 'hidden') return;
    try {
      localStorage.setItem(STORAGE_KEY, new Date().toISOString());
    } catch {
      // Site data is blocked: nothing will be said about changes.
    }
  };
  document.addEventListener('visibilitychange', note);
  return () => document.removeEventListener('visibilitychange', note);
}

function storedVisit(): string | undefined {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored !== null && !Number.isNaN(Date.parse(stored)) ? stored : undefined;
  } catch {
    return undefined;
  }
}
