/** Values in a request of any shape, as OTLP's JSON has them. */

type Json = Readonly<Record<string, unknown>>;

/** Longest text that is kept, in characters. */
const MAX_TEXT_CHARACTERS = 4096;
/** Longest name of an agent, service or operation, in characters. That of a service is in each row of its records. */
const MAX_NAME_CHARACTERS = 512;
/** Largest time of OTLP, a 64-bit integer: in the year 2554. */
const MAX_TIME_NANOSECONDS = 2n ** 64n - 1n;
const NANOSECONDS_PER_MS = 1_000_000n;

/** Value of an attribute that is kept. */
export type AttributeValue = string | number | boolean;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Returns a member that is an object. */
export function objectIn(value: unknown, key: string): Json | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : undefined;
}

/** Returns a member that is a list; an empty one for anything else. */
export function listIn(value: unknown, key: string): readonly unknown[] {
  const found = isObject(value) ? value[key] : undefined;
  return Array.isArray(found) ? (found as unknown[]) : [];
}

/** Returns a member that is a text and not empty, cut. */
export function textIn(value: unknown, key: string): string | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' && found !== '' ? cut(found) : undefined;
}

const cut = (text: string, characters = MAX_TEXT_CHARACTERS): string =>
  text.slice(0, characters).toWellFormed();

/** Cuts a name. */
export const cutName = (text: string): string => cut(text, MAX_NAME_CHARACTERS);

/** Returns the id of a trace or a span. @throws {Error} */
export function idIn(value: unknown, key: string, digits: 16 | 32): string {
  const id = textIn(value, key)?.toLowerCase() ?? '';
  if (id.length !== digits || !/^[\da-f]+$/u.test(id) || /^0+$/u.test(id))
    throw new Error(`${key} must be ${digits} hexadecimal digits`);
  return id;
}

/** Reads a time in nanoseconds, a 64-bit integer that JSON has as a text, in milliseconds. @throws {Error} */
export function timeIn(value: unknown, key: string): number {
  const given = isObject(value) ? value[key] : undefined;
  const digits = typeof given === 'number' ? String(given) : given;
  if (typeof digits !== 'string' || !/^\d{1,20}$/u.test(digits))
    throw new Error(`${key} must be nanoseconds`);
  const nanoseconds = BigInt(digits);
  if (nanoseconds > MAX_TIME_NANOSECONDS) throw new Error(`${key} has more than 64 bits`);
  return Number(nanoseconds / NANOSECONDS_PER_MS);
}

/** Reads attributes: texts, numbers and truth values. Lists and maps of values are left out. */
export function attributesOf(value: unknown): Map<string, AttributeValue> {
  const found = new Map<string, AttributeValue>();
  for (const attribute of listIn(value, 'attributes')) {
    const key = textIn(attribute, 'key');
    const content = objectIn(attribute, 'value');
    if (key === undefined || content === undefined) continue;
    const [kind, inner] = Object.entries(content)[0] ?? [];
    // A 64-bit integer stays the text that it is: a number would round it.
    if (typeof inner === 'string') found.set(key, kind === 'bytesValue' ? '' : cut(inner));
    else if (typeof inner === 'number' || typeof inner === 'boolean') found.set(key, inner);
  }
  return found;
}
