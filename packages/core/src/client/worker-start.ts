import { PersistenceError } from '../api/errors.ts';

/** Far longer than a slow machine or network takes. It only has to end a wait that would never end. */
const MAX_START_SECONDS = 120;

/**
 * Waits for a worker's first sign that its code runs. A worker whose file is another one than expected loads without an
 * error and never gives any. Seconds are counted one by one, so that the time in which this thread sleeps does not count.
 * @throws {PersistenceError} `WORKER_GONE` when the worker is silent for too long
 */
export async function untilStarted<T>(starting: Promise<T>): Promise<T> {
  let countSeconds: ReturnType<typeof setInterval> | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    let seconds = 0;
    countSeconds = setInterval(() => {
      if (++seconds >= MAX_START_SECONDS) reject(notStarted());
    }, 1000);
  });
  try {
    return await Promise.race([starting, tooLong]);
  } finally {
    clearInterval(countSeconds);
  }
}

function notStarted(): PersistenceError {
  return new PersistenceError(
    'WORKER_GONE',
    `The worker has loaded no database code within ${MAX_START_SECONDS} s`,
    {
      operation: 'open',
      hint: "Check that the server answers the worker's URL with the worker's file, and that a worker of your own calls `startWorker` before it awaits anything.",
    },
  );
}
