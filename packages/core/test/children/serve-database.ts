/** Worker file that serves a database, as an application's own worker file does. */
import { startWorker } from '../../src/host/start-worker.node.ts';

startWorker();
