import { startWorker } from '@ggen-sim/core/worker';

startWorker();
