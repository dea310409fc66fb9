/**
 * Errors on their way between threads. Structured cloning keeps name, message and stack of an error and drops the rest,
 * so ours cross as plain records, whole, and become errors again on the other side.
 */
import { PersistenceError, type PersistenceErrorCode } from '../api/errors.ts';

/** One error and what is underneath it. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a `PersistenceError`, or of the operating system's (`ENOSPC`). */
  readonly code: string | number | undefined;
  readonly operation: string | undefined;
  readonly hint: string | undefined;
  readonly cause: WireError | undefined;
}

/** What a call across threads answers. It never rejects by itself, so that nothing of an error is lost. */
export type Answer<Value> = { readonly value: Value } | { readonly error: WireError };

/** Causes followed at most: a chain may be a ring. */
const MAX_CAUSES = 8;

/** Makes a record of anything thrown. */
export function toWire(error: unknown, depth: number = 0): WireError {
  if (!(error instanceof Error)) {
    const message = String(error);
    return {
      name: 'Error',
      message,
      stack: undefined,
      code: undefined,
      operation: undefined,
      hint: undefined,
      cause: undefined,
    };
  }
  const { code } = error as { code?: unknown };
  const ours = error instanceof PersistenceError ? error : undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    operation: ours?.operation,
    hint: ours?.hint,
    cause: error.cause === undefined || depth >= MAX_CAUSES ? undefined : toWire(error.cause, depth + 1),
  };
}

/** Makes an error of a record: a `PersistenceError` again where it was one. */
export function fromWire(wire: WireError): Error {
  const cause = wire.cause && fromWire(wire.cause);
  if (wire.operation !== undefined) {
    const error = new PersistenceError(wire.code as PersistenceErrorCode, wire.message, {
      operation: wire.operation,
      ...(cause === undefined ? {} : { cause }),
      ...(wire.hint === undefined ? {} : { hint: wire.hint }),
    });
    if (wire.stack !== undefined) error.stack = wire.stack;
    return error;
  }
  const error = new Error(wire.message, cause === undefined ? undefined : { cause });
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return wire.code === undefined ? error : Object.assign(error, { code: wire.code });
}

/** Runs work and records how it ended. */
export async function answer<Value>(work: () => Value | Promise<Value>): Promise<Answer<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: toWire(error) };
  }
}

/** The value of an answer, or its error thrown. */
export function unwrap<Value>(answered: Answer<Value>): Value {
  if ('error' in answered) throw fromWire(answered.error);
  return answered.value;
}
