/** Makes a list of parameters: `($3, $4)`. */
export function listOf(count: number, first: number = 1): string {
  return `(${Array.from({ length: count }, (_, index) => `$${first + index}`).join()})`;
}

/** Makes the rows of an INSERT: `($1, $2), ($3, $4)`. */
export function valuesIn(columns: number, rows: number): string {
  return Array.from({ length: rows }, (_, row) => listOf(columns, row * columns + 1)).join();
}

/** Divides a list into lists of at most so many. */
export function groupsOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
