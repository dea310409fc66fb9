/** Converts `durationMs` to `duration_ms`, the spelling of columns and reports. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}

/** Converts `durationMs` to `duration-ms`, the spelling of options. */
export function kebabCase(name: string): string {
  return snakeCase(name).replaceAll('_', '-');
}

/** Converts `durationMs` to `DURATION_MS`, the spelling of usage lines. */
export function placeholderCase(name: string): string {
  return snakeCase(name).toUpperCase();
}
