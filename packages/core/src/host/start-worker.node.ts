import { parentPort } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { serve, type HostOptions } from './host.ts';

/**
 * Opens and serves a database in this worker thread. The application's worker file is these two lines:
 *
 * @example
 * import { startWorker } from '@ggen-sim/core/worker';
 * startWorker();
 */
export function startWorker(options: HostOptions = {}): void {
  if (!parentPort) throw new Error('startWorker() must be called in a worker thread');
  serve(nodeEndpoint(parentPort), options);
}
