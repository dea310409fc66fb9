import { startWorker } from './start-worker.browser.ts';

startWorker();
