import type { TestFramework } from '../../src/testing/index.ts';
import { CalledWorker } from '../workers/calls.browser.ts';

/** Declares the cases of the contract suite here and runs each in a dedicated worker. */
export function inWorker(
  kind: 'indexeddb' | 'encrypted' | 'opfs' | 'encryptedOpfs',
  declare: TestFramework['it'],
): TestFramework['it'] {
  const suite = new CalledWorker(
    new Worker(new URL('../workers/suite.browser.ts', import.meta.url), { type: 'module' }),
  );
  const declareRemote = (title: string): void =>
    declare(title, async () => void (await suite.call('runCase', kind, title)));
  return Object.assign(declareRemote, { skip: declare.skip });
}

/** Takes the place of the storages, which the worker makes. */
export function madeByWorker(): never {
  throw new Error('the worker makes the storages');
}
