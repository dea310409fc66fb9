/** Worker file that serves a database whose clock the test sets: milliseconds since 1970 in shared memory. */
import { workerData } from 'node:worker_threads';
import { startWorker } from '../../src/host/start-worker.node.ts';

const now = new BigInt64Array(workerData as SharedArrayBuffer);
startWorker({ clock: () => new Date(Number(Atomics.load(now, 0))) });
