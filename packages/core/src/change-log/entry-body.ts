/** The body of an entry: an object as JSON. */
import { encodeJsonValue, parseJsonRow } from '../exports/json-values.ts';

/** Writes an object as JSON, exactly. @param members - further members, as JSON */
export function encodeObject(
  object: Readonly<Record<string, unknown>>,
  members: readonly string[] = [],
): string {
  const own = Object.entries(object).flatMap(([key, value]) =>
    value === undefined ? [] : [`${JSON.stringify(key)}:${encodeJsonValue(value)}`],
  );
  return `{${[...own, ...members].join()}}`;
}

/** Reads what {@link encodeObject} wrote; an empty object for any other text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return (parseJsonRow(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
