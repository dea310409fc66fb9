import { startWorker } from './ggen-sim/index.js';

startWorker();
