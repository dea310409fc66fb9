/** A worker thread that is the home of a database, as an application's own worker file is. */
import { startWorker } from '../../src/host/start-worker.node.ts';

startWorker();
