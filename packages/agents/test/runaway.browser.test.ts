import { describeRunaways } from './runaway-cases.ts';

describeRunaways(() => new Worker(new URL('agents-worker.browser.ts', import.meta.url), { type: 'module' }));
