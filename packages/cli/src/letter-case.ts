/** `durationMs` → `duration_ms`, as columns and reports spell it. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}

/** `durationMs` → `duration-ms`, as flags spell it. */
export function kebabCase(name: string): string {
  return snakeCase(name).replaceAll('_', '-');
}

/** `durationMs` → `DURATION_MS`, as usage lines spell it. */
export function placeholderCase(name: string): string {
  return snakeCase(name).toUpperCase();
}
