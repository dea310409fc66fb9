/** Runs cases of the persistence suite where synchronous access handles are: in a dedicated worker, in process there. */
import * as Comlink from 'comlink';
import { expect } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { PersistenceScene, persistenceCases } from '../../src/testing/index.ts';

async function runCase(title: string, exclusive: boolean): Promise<void> {
  const found = persistenceCases.find((candidate) => candidate.title === title);
  if (!found) throw new RangeError(`no such case: ${title}`);
  const name = crypto.randomUUID();
  const scene = new PersistenceScene(
    { open: (options) => openPersistence({ storage: 'opfs', name, exclusive, worker: false, ...options }) },
    expect,
    true,
  );
  try {
    await found.run(scene);
  } finally {
    await scene.end();
  }
}

/** What the page calls. */
export interface SuiteWorker {
  runCase(title: string, exclusive: boolean): Promise<void>;
}

Comlink.expose({ runCase } satisfies SuiteWorker);
