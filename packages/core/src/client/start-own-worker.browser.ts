/** Starts the worker of this package. It is ready once it has said {@link WORKER_READY}. */
import { WORKER_READY } from '../host/worker-ready.ts';
import { untilStarted } from './worker-start.ts';

const OPTIONS: WorkerOptions = { type: 'module', name: 'ggen-sim' };

/**
 * Starts the worker from its file, or from the copy within the code where the file cannot be loaded: some bundlers
 * (esbuild, Rollup, Vite's development server) leave it behind, and no page may start a worker of another origin, as a CDN
 * is. The copy needs `worker-src blob:` in a content security policy.
 */
export async function startOwnWorker(): Promise<Worker> {
  try {
    // Bundlers recognise exactly this form.
    return await started(
      new Worker(new URL('../host/worker.browser.ts', import.meta.url), { type: 'module', name: 'ggen-sim' }),
    );
  } catch (error) {
    const source = await inlineSource();
    if (source === undefined) throw error;
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    try {
      return await started(new Worker(url, OPTIONS));
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

async function inlineSource(): Promise<string | undefined> {
  try {
    const { INLINE_WORKER } = await import('./inline-worker.browser.ts');
    return INLINE_WORKER;
  } catch {
    return undefined;
  }
}

/** @returns the worker once it is ready; rejects when its code cannot be loaded, or is another one */
async function started(worker: Worker): Promise<Worker> {
  const stop = new AbortController();
  const { signal } = stop;
  const ready = new Promise<void>((resolve, reject) => {
    worker.addEventListener(
      'message',
      ({ data }: MessageEvent<unknown>) => {
        if (data === WORKER_READY) resolve();
      },
      { signal },
    );
    worker.addEventListener(
      'error',
      (event) => reject(event.error ?? new Error(event.message || 'The worker failed to start')),
      { signal },
    );
  });
  try {
    await untilStarted(ready);
    return worker;
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    stop.abort();
  }
}
