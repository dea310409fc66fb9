import { parentPort } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { serve, type HostOptions } from './host.ts';

/**
 * Makes this worker thread the home of a database. The application's worker file is this one line:
 *
 * @example
 * import { startWorker } from '@ggen-sim/core/worker';
 * startWorker();
 */
export function startWorker(options: HostOptions = {}): void {
  if (!parentPort) throw new Error('startWorker() belongs into a worker thread');
  serve(nodeEndpoint(parentPort), options);
}
