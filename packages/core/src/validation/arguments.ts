/** Checks of arguments, before anything is written. Every failure names the parameter and the expected value. */
import { PersistenceError } from '../api/errors.ts';

/** Names the operation and parameter for error messages. */
export interface Field {
  readonly operation: string;
  readonly name: string;
}

function shown(value: unknown): string {
  // Converting an object to a string may be impossible, or may throw.
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const text = isObject
    ? `a value of type ${typeof value}`
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Makes an `INVALID_ARGUMENT` error with the parameter, its value and the expected value. */
export function invalid(field: Field, value: unknown, expected: string): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    `Invalid ${field.name}: ${shown(value)}. Expected ${expected}`,
    {
      operation: field.operation,
    },
  );
}

/** Checks for text that can be stored and read back unchanged: a well-formed Unicode string. */
export function checkText(field: Field, value: unknown): string {
  if (typeof value !== 'string') throw invalid(field, value, 'a string');
  // A lone surrogate has no UTF-8 form, so SQLite would store another character in its place.
  if (!value.isWellFormed()) {
    // The text is not quoted: it may be a receipt.
    const reason = `Invalid ${field.name}: text with a lone surrogate. Expected well-formed Unicode`;
    throw new PersistenceError('INVALID_ARGUMENT', reason, { operation: field.operation });
  }
  return value;
}

/** Checks for text, undefined or null. Returns null for undefined. */
export function checkOptionalText(field: Field, value: unknown): string | null {
  return value === undefined || value === null ? null : checkText(field, value);
}

/**
 * Checks that parameters are neither missing nor empty.
 * @throws {PersistenceError} `INVALID_ARGUMENT`, naming every missing parameter
 */
export function checkRequired(operation: string, parameters: Record<string, unknown>): void {
  const missing = Object.entries(parameters)
    .filter(([, value]) => value === undefined || value === null || value === '')
    .map(([name]) => name);
  if (missing.length > 0) {
    throw new PersistenceError('INVALID_ARGUMENT', `Missing required parameters: ${missing.join(', ')}`, {
      operation,
    });
  }
}

/** Checks for one of the given words. */
export function checkChoice<Choice extends string>(
  field: Field,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  if (!choices.includes(value as Choice)) throw invalid(field, value, `one of ${choices.join(', ')}`);
  return value as Choice;
}

/** Checks for a safe integer of at least `min`. */
export function checkWholeNumber(field: Field, value: unknown, min: number = 0): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw invalid(field, value, `a whole number, ${min} or more`);
  }
  return value;
}

/** Checks for an object that is not an array. */
export function checkFields<Fields extends object>(field: Field, value: Fields): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(field, value, 'an object');
  return value;
}

/** Checks for a function. */
export function checkFunction(field: Field, value: unknown): void {
  if (typeof value !== 'function') throw invalid(field, value, 'a function');
}

/** Checks for an array. */
export function checkList<Item>(field: Field, value: readonly Item[]): readonly Item[] {
  if (!Array.isArray(value)) throw invalid(field, value, 'an array');
  return value;
}
