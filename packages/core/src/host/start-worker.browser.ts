import type { Endpoint } from '../protocol/rpc.ts';
import { serve, type HostOptions } from './host.ts';

/**
 * Opens and serves a database in this worker. The application's worker file is these two lines:
 *
 * @example
 * import { startWorker } from '@ggen-sim/core/worker';
 * startWorker();
 */
export function startWorker(options: HostOptions = {}): void {
  serve(globalThis as unknown as Endpoint, options);
}
