/** The page of one trial: hands it to a worker, or runs it here where users would call from here. */
import { BROWSER_ENGINES } from '../../../engines/browser/index.ts';
import type { BenchPage, PageAnswer, PageRequest } from '../page-request.ts';
import { answer } from './answer.ts';
import { leaveCommits } from './leave-commits.ts';

const page: BenchPage = {
  engines: BROWSER_ENGINES.map(({ host: _host, fill: _fill, open: _open, ...facts }) => facts),
  run(request) {
    const engine = BROWSER_ENGINES.find(({ id }) => id === request.trial.engineId);
    return engine?.host === 'worker' ? askWorker(request) : answer(request);
  },
  leaveCommits,
  bareSaves: (count) => askBareWorker(count),
};
Object.assign(globalThis, { benchPage: page });

function askWorker(request: PageRequest): Promise<PageAnswer> {
  const worker = new Worker(new URL('trial.worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<PageAnswer>) => resolve(data));
    worker.addEventListener('error', ({ message }) => resolve({ error: `the worker failed: ${message}` }));
    worker.postMessage(request);
  });
}

function askBareWorker(count: number): Promise<number[]> {
  const worker = new Worker(new URL('bare-saves.worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<number[]>) => resolve(data));
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    worker.postMessage(count);
  });
}
