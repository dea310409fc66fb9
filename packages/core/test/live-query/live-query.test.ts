/** What the hooks promise, over a real database. */
import { expect, it, onTestFinished } from 'vitest';
import { openPersistence, type Persistence } from '../../src/index.ts';
import { liveQuery, type LiveResult } from '../../src/live-query/svelte.ts';
import { receiptOf } from '../../src/testing/persistence-case.ts';

async function open(): Promise<Persistence> {
  const persistence = await openPersistence({ storage: 'memory' });
  onTestFinished(() => persistence.close());
  return persistence;
}

const idsOf = async (persistence: Persistence): Promise<string[]> =>
  (await persistence.queryReceipts({ order: 'oldest-first' })).map(({ executionId }) => executionId);

/** Collects results, and waits for one. */
class Results<T> {
  readonly all: LiveResult<T>[] = [];
  #look: () => void = () => undefined;

  add(result: LiveResult<T>): void {
    this.all.push(result);
    this.#look();
  }

  async until(fits: (result: LiveResult<T>) => boolean): Promise<LiveResult<T>> {
    for (;;) {
      const last = this.all.at(-1);
      if (last && fits(last)) return last;
      await new Promise<void>((resolve) => (this.#look = resolve));
    }
  }
}

it('gives the result now and after every commit to its tables, until it is ended', async () => {
  const persistence = await open();
  const results = new Results<string[]>();
  const end = liveQuery(persistence, idsOf, ['receipts']).subscribe((result) => results.add(result));
  expect(results.all).toEqual([{ value: undefined, error: undefined }]);
  await results.until(({ value }) => value?.length === 0);
  await persistence.saveReceipt(receiptOf('one'));
  await results.until(({ value }) => value?.join() === 'one');
  const before = results.all.length;
  await persistence.logAudit({ agentId: 'a', operation: 'o', status: 'started' });
  expect(results.all.length).toBe(before);
  end();
  await persistence.saveReceipt(receiptOf('two'));
  await persistence.stats();
  expect(results.all.at(-1)).toEqual({ value: ['one'], error: undefined });
});

it('runs one query at a time, and one more for any number of commits meanwhile', async () => {
  const persistence = await open();
  const results = new Results<string[]>();
  let running = 0;
  let runs = 0;
  const query = async (): Promise<string[]> => {
    expect(++running).toBe(1);
    runs += 1;
    if (runs === 1) {
      // All of these are committed while the first query runs.
      for (const id of ['one', 'two', 'three']) await persistence.saveReceipt(receiptOf(id));
    }
    const ids = await idsOf(persistence);
    running -= 1;
    return ids;
  };
  const end = liveQuery(persistence, query, ['receipts']).subscribe((result) => results.add(result));
  await results.until(() => runs === 2 && running === 0 && results.all.length === 3);
  end();
  expect(runs).toBe(2);
});

it('keeps the last value when a query fails, thrown or rejected, and goes on', async () => {
  const persistence = await open();
  const results = new Results<string[]>();
  const failures = [undefined, new RangeError('no'), undefined];
  const query = (): PromiseLike<string[]> => {
    const failure = failures.shift();
    if (failure) throw failure;
    return idsOf(persistence);
  };
  const end = liveQuery(persistence, query, ['receipts']).subscribe((result) => results.add(result));
  onTestFinished(end);
  await results.until(({ value }) => value !== undefined);
  await persistence.saveReceipt(receiptOf('one'));
  const failed = await results.until(({ error }) => error !== undefined);
  expect(failed).toEqual({ value: [], error: new RangeError('no') });
  await persistence.saveReceipt(receiptOf('two'));
  expect(await results.until(({ error }) => error === undefined)).toEqual({
    value: ['one', 'two'],
    error: undefined,
  });
});
