/** Message of this package's own worker when its code runs. */
export const WORKER_READY = 'ggen-sim:worker-ready';
