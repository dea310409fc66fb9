import { BROWSER_ENGINES } from '../../../engines/browser/index.ts';
import type { BrowserEngine, SeedSource } from '../../../engines/browser/browser-engine.ts';
import { runTrial } from '../../run-trial.ts';
import type { TrialResult } from '../../trial.ts';
import type { PageAnswer, PageRequest } from '../page-request.ts';
import { watchStorageCalls } from './storage-calls.ts';

/** Does what is asked in this thread. */
export async function answer(request: PageRequest): Promise<PageAnswer> {
  try {
    const engine = BROWSER_ENGINES.find(({ id }) => id === request.trial.engineId);
    if (!engine) throw new Error(`there is no engine ${request.trial.engineId}`);
    return { result: await perform(engine, request) };
  } catch (error) {
    return { error: error instanceof Error ? `${error.stack}${causes(error)}` : String(error) };
  }
}

async function perform(
  engine: BrowserEngine,
  { task, trial, schema, imageUrl }: PageRequest,
): Promise<TrialResult | null> {
  const source: SeedSource = {
    seed: trial.seed,
    schema,
    image: async () => new Uint8Array(await (await download(imageUrl)).arrayBuffer()),
    blob: async () => (await download(imageUrl)).blob(),
  };
  if (task === 'fill') {
    await engine.fill(trial.place, source);
    return null;
  }
  // A worker of the engine's own is out of sight.
  const readCosts = engine.host === 'worker' ? watchStorageCalls() : (): Record<string, number> => ({});
  return runTrial(trial, {
    open: () => engine.open(trial.place, source),
    readCosts,
    peakMemoryBytes: () => undefined,
  });
}

async function download(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by ${error.cause.stack}${causes(error.cause)}` : '';
}
