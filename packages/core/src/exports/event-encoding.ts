import type { ChangeEvent } from '../api/changes.ts';
import { encodeJsonValue } from './json-values.ts';

/**
 * Writes an event as one line of JSON. Its data and the row in it have the names of the columns (`row_id`), and every value is
 * exact, as in every output ({@link encodeJsonValue}).
 */
export function encodeEvent(event: ChangeEvent): string {
  const data = Object.fromEntries(
    Object.entries(event.data).map(([name, value]) => [
      columnName(name),
      name === 'row' ? withColumnNames(value) : value,
    ]),
  );
  return encode({ ...event, data });
}

function withColumnNames(row: unknown): unknown {
  return row === null
    ? null
    : Object.fromEntries(Object.entries(row as object).map(([field, value]) => [columnName(field), value]));
}

function columnName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => encode(item)).join()}]`;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array)
    return encodeJsonValue(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${encode(member)}`);
  return `{${members.join()}}`;
}
