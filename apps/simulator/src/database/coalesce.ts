/**
 * Makes a function that starts `work`, one run at a time. Any number of calls during a run cause one more run after it,
 * so the last run always starts after the last call.
 *
 * @param work - must not reject
 */
export function coalesce(work: () => Promise<void>): () => void {
  let running = false;
  let requested = false;
  const run = async (): Promise<void> => {
    running = true;
    while (requested) {
      requested = false;
      await work();
    }
    running = false;
  };
  return () => {
    requested = true;
    if (!running) void run();
  };
}
