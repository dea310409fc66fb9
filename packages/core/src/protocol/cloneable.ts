/**
 * Arguments that mean the same behind a worker as in process. Structured cloning drops accessors and methods (`toJSON`)
 * and refuses functions, symbols, proxies and URLs. So values to store as JSON become text in the caller's thread, and
 * what no method accepts is replaced by a stand-in, which the worker refuses as the method does in process.
 */
import { isWebCryptoKey } from '@ggen-sim/sqljs-vfs/internal';
import type { JsonInput } from '../api/persistence.ts';
import { checkJson } from '../validation/json-text.ts';

/** Fields of a record that are stored as JSON. */
const JSON_FIELDS: ReadonlySet<string> = new Set(['receipt', 'memory']);

/** Levels of objects and lists in arguments: a batch, its lists, their records, the row or the hashes in a record. */
const MAX_LEVELS = 4;

/** Takes the place of a value that cannot be cloned. */
interface StandIn {
  readonly uncloneable: 'function' | 'symbol';
  readonly description: string | undefined;
}

/**
 * Makes arguments cloneable.
 * @throws {PersistenceError} INVALID_JSON
 */
export function toCloneable(operation: string, value: unknown, level: number = 0): unknown {
  if (typeof value === 'function') return { uncloneable: 'function', description: undefined };
  if (typeof value === 'symbol') return { uncloneable: 'symbol', description: value.description };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value) || isWebCryptoKey(value)) return value;
  if (Array.isArray(value)) {
    return level < MAX_LEVELS ? value.map((item) => toCloneable(operation, item, level + 1)) : [];
  }
  return level < MAX_LEVELS ? cloneableFields(operation, value, level + 1) : {};
}

function cloneableFields(operation: string, object: object, level: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of namesOf(object)) {
    const value = (object as Readonly<Record<string, unknown>>)[name];
    const isJson =
      JSON_FIELDS.has(name) && value !== undefined && value !== null && typeof value !== 'string';
    fields[name] = isJson
      ? checkJson({ operation, name }, value as JsonInput)
      : toCloneable(operation, value, level);
  }
  return fields;
}

/** Returns the names of an object's properties and of its class's accessors. */
function namesOf(object: object): Iterable<string> {
  const own = Object.getOwnPropertyNames(object);
  if (Object.getPrototypeOf(object) === Object.prototype) return own;
  const names = new Set(own);
  let prototype: object | null = Object.getPrototypeOf(object);
  // The last object of the chain is Object.prototype of some window.
  for (let next: object | null; prototype !== null; prototype = next) {
    next = Object.getPrototypeOf(prototype);
    if (next !== null) for (const name of Object.getOwnPropertyNames(prototype)) names.add(name);
  }
  return names;
}

/** A list of arguments, or an object of several, has one level more than an argument. */
const MAX_RECEIVED_LEVELS = MAX_LEVELS + 1;

/**
 * Puts a function or a symbol where {@link toCloneable} put a stand-in, in arguments that this thread received. Deeper
 * objects are emptied as it does.
 * @param visited - objects that were met before
 * @throws {TypeError} for an object in two places, which toCloneable never makes: forty lists, each of which has the next
 * one twice, are a small message and a walk without an end
 */
export function fromCloneable<Value>(
  value: Value,
  level: number = 0,
  visited: Set<object> = new Set(),
): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value) || isWebCryptoKey(value)) return value;
  if (visited.has(value)) throw new TypeError('One object has two places in the arguments');
  visited.add(value);
  const { uncloneable, description } = value as Partial<StandIn>;
  if (uncloneable === 'function') return (() => undefined) as Value;
  if (uncloneable === 'symbol') return Symbol(description) as Value;
  if (level === MAX_RECEIVED_LEVELS) return (Array.isArray(value) ? [] : {}) as Value;
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    const field = fields[name];
    if (typeof field === 'object') fields[name] = fromCloneable(field, level + 1, visited);
  }
  return value;
}
