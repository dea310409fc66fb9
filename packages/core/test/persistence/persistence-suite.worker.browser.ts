/** Runs cases of the persistence suite in process in a dedicated worker, where synchronous access handles exist. */
import * as Comlink from 'comlink';
import { expect } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { PersistenceTestContext, persistenceCases } from '../../src/testing/index.ts';

async function runCase(title: string, exclusive: boolean): Promise<void> {
  const found = persistenceCases.find((candidate) => candidate.title === title);
  if (!found) throw new RangeError(`no such case: ${title}`);
  const name = crypto.randomUUID();
  const context = new PersistenceTestContext(
    { open: (options) => openPersistence({ storage: 'opfs', name, exclusive, worker: false, ...options }) },
    expect,
    true,
  );
  try {
    await found.run(context);
  } finally {
    await context.end();
  }
}

/** Service of this worker. */
export interface SuiteWorker {
  runCase(title: string, exclusive: boolean): Promise<void>;
}

Comlink.expose({ runCase } satisfies SuiteWorker);
