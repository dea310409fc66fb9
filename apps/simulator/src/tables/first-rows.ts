/** Counts of large tables take the database longer than the first rows, and would keep it from reading them. */
const MAX_WAIT_MS = 1000;

let resolveShown: () => void = () => undefined;
const shown: Promise<void> = new Promise((resolve) => {
  resolveShown = resolve;
});

/** Says that a table has its first rows. */
export function firstRowsShown(): void {
  resolveShown();
}

/** Waits for the first rows of the first table, but not for ever: there may be none. */
export async function untilFirstRows(): Promise<void> {
  await Promise.race([shown, new Promise((resolve) => void setTimeout(resolve, MAX_WAIT_MS))]);
}
