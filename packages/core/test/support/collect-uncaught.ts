/** Takes the place of the test runner's listeners, which fail the run. */
export async function collectUncaught(work: (uncaught: unknown[]) => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const uncaught: unknown[] = [];
  const restore = events.map((event) => {
    const listeners = process.listeners(event as 'uncaughtException');
    process.removeAllListeners(event);
    process.on(event, (error: unknown) => void uncaught.push(error));
    return (): void => {
      process.removeAllListeners(event);
      for (const listener of listeners) process.on(event, listener);
    };
  });
  try {
    await work(uncaught);
  } finally {
    for (const undo of restore) undo();
  }
}
