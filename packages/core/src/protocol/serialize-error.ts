/**
 * Errors as records that cross between threads. Structured cloning keeps an error's name, message and stack and drops
 * everything else, so errors are cloned as records and rebuilt by the receiver.
 */
import { PersistenceError } from '../api/errors.ts';

/** An error and its chain of causes, ready to be cloned. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The error's own properties that can be cloned (`code`, `operation`, `hint`, `errno` …). */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly cause: SerializedValue | undefined;
}

/** Anything that can be thrown or be the reason of an abort, ready to be cloned. */
export type SerializedValue =
  | { readonly isError: true; readonly value: SerializedError }
  | { readonly isError: false; readonly value: unknown };

/** Longest chain of causes that is followed; a chain may be circular. */
const MAX_CAUSES = 8;

/** Properties of an error that have a field of their own in {@link SerializedError}. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause']);

const errorClasses = new Map<string, { readonly prototype: Error }>([['PersistenceError', PersistenceError]]);

/**
 * Makes {@link deserializeError} rebuild errors of this name as instances of this class.
 * @param name - the `name` of its instances; a class's own name may have been minified
 */
export function registerErrorClass(name: string, errorClass: { readonly prototype: Error }): void {
  errorClasses.set(name, errorClass);
}

/** Makes a record of anything that was thrown. */
export function serializeError(thrown: unknown, depth: number = 0): SerializedError {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: textOf(thrown), stack: undefined, properties: {}, cause: undefined };
  }
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    properties: cloneableProperties(thrown),
    cause:
      thrown.cause === undefined || depth >= MAX_CAUSES ? undefined : serializeValue(thrown.cause, depth + 1),
  };
}

/** Makes a record of an error, and of any other value as far as it can be cloned. */
export function serializeValue(value: unknown, depth: number = 0): SerializedValue {
  if (value instanceof Error) return { isError: true, value: serializeError(value, depth) };
  return { isError: false, value: isCloneable(value) ? value : textOf(value) };
}

/** Describes a value that is no error. Converting an object to text may be impossible. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}

function cloneableProperties(error: Error): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  // The code of a DOMException is not a property of its own.
  for (const key of new Set(['code', ...Object.keys(error)])) {
    if (OWN_FIELDS.has(key) || !(key in error)) continue;
    const value = (error as unknown as Record<string, unknown>)[key];
    if (isCloneable(value)) properties[key] = value;
  }
  return properties;
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol';
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Rebuilds a value from its record. */
export function deserializeValue({ isError, value }: SerializedValue): unknown {
  return isError ? deserializeError(value) : value;
}

/** Rebuilds an error from its record, as an instance of the class that is registered for its name. */
export function deserializeError({ name, message, stack, properties, cause }: SerializedError): Error {
  const error = new Error(message, cause && { cause: deserializeValue(cause) });
  const errorClass = errorClasses.get(name);
  if (errorClass) Object.setPrototypeOf(error, errorClass.prototype);
  return Object.assign(error, { name, ...(stack === undefined ? {} : { stack }), ...properties });
}
