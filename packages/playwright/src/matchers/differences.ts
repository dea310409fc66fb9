/** A value that is not as expected. */
export interface Difference {
  /** Where it is: `receipt.stages[0].name`. */
  readonly path: string;
  readonly expected: unknown;
  readonly received: unknown;
}

interface Asymmetric {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Compares a value with a part of it. Objects may have more members than expected, lists and bytes may not have more items.
 * @returns nothing where they agree
 */
export function differencesOf(path: string, expected: unknown, received: unknown): Difference[] {
  const different = [{ path, expected, received }];
  if (typeof expected !== 'object' || expected === null) return expected === received ? [] : different;
  if (isAsymmetric(expected)) return expected.asymmetricMatch(received) ? [] : different;
  if (isOpaque(expected)) return different;
  if (typeof received !== 'object' || received === null) return different;
  if (isList(expected) || isList(received)) {
    if (!isList(expected) || !isList(received) || expected.length !== received.length) return different;
    return [...expected].flatMap((item, index) => differencesOf(`${path}[${index}]`, item, received[index]));
  }
  const members = new Map(Object.entries(received));
  return Object.entries(expected).flatMap(([name, value]) =>
    differencesOf(path === '' ? name : `${path}.${name}`, value, members.get(name)),
  );
}

/** Both frameworks, and Jest, tell their asymmetric matchers by this method. */
function isAsymmetric(value: object): value is Asymmetric {
  return 'asymmetricMatch' in value && typeof value.asymmetricMatch === 'function';
}

/** True for a Date, Map, pattern or the like: it has no members that could differ, and is no value of JSON. */
function isOpaque(value: object): boolean {
  if (isList(value) || Object.keys(value).length > 0) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

function isList(value: object): value is readonly unknown[] | Uint8Array {
  return Array.isArray(value) || value instanceof Uint8Array;
}
