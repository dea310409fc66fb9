/** Compares expected with actual answers. Parts of an expected answer may be known only by a condition. */

/** A part of an answer that the model knows only by a condition. */
export class Expectation {
  readonly description: string;
  readonly holds: (actual: unknown) => boolean;

  constructor(description: string, holds: (actual: unknown) => boolean) {
    this.description = description;
    this.holds = holds;
  }

  toJSON(): string {
    return `<${this.description}>`;
  }
}

/** Prefix of an id that the database generates: unknown until it is seen, constant afterwards, and unique. */
const UNKNOWN_ID = '\uE000';
const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function unknownId(name: string): string {
  return UNKNOWN_ID + name;
}

/** The actual values of unknown ids, in one explanation of the answers. */
export type Bindings = Map<string, string>;

function unifyId(name: string, actual: unknown, bindings: Bindings): boolean {
  const bound = bindings.get(name);
  if (bound !== undefined) return bound === actual;
  if (typeof actual !== 'string' || !UUID_7.test(actual) || [...bindings.values()].includes(actual))
    return false;
  bindings.set(name, actual);
  return true;
}

/** True when `actual` matches `expected`. Binds unknown ids on the way. */
export function unify(expected: unknown, actual: unknown, bindings: Bindings): boolean {
  if (expected instanceof Expectation) return expected.holds(actual);
  if (typeof expected === 'string' && expected.startsWith(UNKNOWN_ID))
    return unifyId(expected, actual, bindings);
  if (typeof expected !== 'object' || expected === null) return Object.is(expected, actual);
  if (typeof actual !== 'object' || actual === null || Array.isArray(expected) !== Array.isArray(actual))
    return false;
  const [wanted, seen] = [expected, actual] as Readonly<Record<string, unknown>>[] as [
    Readonly<Record<string, unknown>>,
    Readonly<Record<string, unknown>>,
  ];
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(seen).length &&
    names.every((name) => Object.hasOwn(seen, name) && unify(wanted[name], seen[name], bindings))
  );
}

/** Replaces unknown ids by their actual values. */
export function resolveIds<Value>(value: Value, bindings: Bindings): Value {
  if (typeof value === 'string') return (bindings.get(value) ?? value) as Value;
  if (Array.isArray(value)) return value.map((item: unknown) => resolveIds(item, bindings)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, resolveIds(part as unknown, bindings)]),
  ) as Value;
}
