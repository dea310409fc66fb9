/**
 * Keeps a copy of the page's files for when there is no network. The data does not need it: it is in this browser
 * anyway. Without service workers (plain http) the page works as before, online.
 */
export async function keepOfflineCopy(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('./sw.js');
  } catch {
    // Refused by the browser's settings: there is no offline copy, and nothing else is lost.
  }
}
