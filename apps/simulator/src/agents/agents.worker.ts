import { startAgentWorker } from '@ggen-sim/agents/worker';

startAgentWorker();
