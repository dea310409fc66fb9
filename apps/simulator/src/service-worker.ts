/**
 * Registers the service worker, which caches the page's files for use offline. The data needs no such cache: it is
 * stored in this browser. Without service workers (plain http) the page works online only.
 */
export async function registerServiceWorker(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('./sw.js');
  } catch {
    // The browser's settings refuse service workers: the page works online only.
  }
}
