/** Runs that are started one at a time, and their number for any order of calls and ends. */
import { expect, it } from 'vitest';
import { coalesce } from '../src/database/coalesce.ts';

/** Work that ends when the test says so. */
class ManualWork {
  started = 0;
  running = 0;
  mostAtOnce = 0;
  #end: () => void = () => undefined;

  readonly run = async (): Promise<void> => {
    this.started += 1;
    this.running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    await new Promise<void>((resolve) => (this.#end = resolve));
    this.running -= 1;
  };

  /** Ends the current run. Resolves when the next one, if any, has started. */
  async end(): Promise<void> {
    this.#end();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('the first call starts at once, and each call after an end starts another run', async () => {
  const work = new ManualWork();
  const call = coalesce(work.run);
  call();
  expect(work.started).toBe(1);
  await work.end();
  expect(work.started).toBe(1);
  call();
  expect(work.started).toBe(2);
});

it('any number of calls during a run cause one more run, after it', async () => {
  const work = new ManualWork();
  const call = coalesce(work.run);
  for (let calls = 0; calls < 10; calls += 1) call();
  expect(work.started).toBe(1);
  await work.end();
  expect(work.started).toBe(2);
  await work.end();
  expect(work.started).toBe(2);
});

it('a call during the second run causes a third: the last run starts after the last call', async () => {
  const work = new ManualWork();
  const call = coalesce(work.run);
  call();
  call();
  await work.end();
  call();
  expect(work.started).toBe(2);
  await work.end();
  expect(work.started).toBe(3);
  await work.end();
  expect(work).toMatchObject({ started: 3, running: 0, mostAtOnce: 1 });
});

it('a call from within the work is not lost', async () => {
  let runs = 0;
  const call = coalesce(async () => {
    runs += 1;
    if (runs < 3) call();
  });
  call();
  await expect.poll(() => runs).toBe(3);
});
