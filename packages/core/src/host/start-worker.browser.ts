import type { Endpoint } from 'comlink';
import { serve, type HostOptions } from './host.ts';

/**
 * Makes this worker the home of a database. The application's worker file is this one line:
 *
 * @example
 * import { startWorker } from '@ggen-sim/core/worker';
 * startWorker();
 */
export function startWorker(options: HostOptions = {}): void {
  serve(globalThis as unknown as Endpoint, options);
}
