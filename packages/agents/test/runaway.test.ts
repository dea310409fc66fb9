import { afterAll, beforeAll } from 'vitest';
import { Children } from '../../../tests/support/child-process.ts';
import { startNodeThread } from './node-thread.ts';
import { describeRunaways } from './runaway-cases.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle([`${import.meta.dirname}/children/agents-worker.ts`]);
});
afterAll(() => children.remove());

describeRunaways(() => startNodeThread(children.script('agents-worker')));
