/** Checks of what callers pass, before anything is written. Every failure names the field and what was expected. */
import { PersistenceError } from '../api/errors.ts';

/** What a check needs to know to complain well. */
export interface Field {
  readonly operation: string;
  readonly name: string;
}

function shown(value: unknown): string {
  // An object may have no way to become a string, or one of its own that fails.
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const text = isObject
    ? `a value of type ${typeof value}`
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** An `INVALID_ARGUMENT` that names the field, the value and what was expected instead. */
export function invalid(field: Field, value: unknown, expected: string): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    `Invalid ${field.name}: ${shown(value)}. Expected ${expected}`,
    {
      operation: field.operation,
    },
  );
}

/** Text that can be stored and read back unchanged: a string of whole Unicode characters. */
export function checkText(field: Field, value: unknown): string {
  if (typeof value !== 'string') throw invalid(field, value, 'a string');
  // A lone surrogate has no UTF-8 form; SQLite would store another character in its place.
  if (!value.isWellFormed()) {
    // What it says is not repeated: it may be a receipt.
    const reason = `Invalid ${field.name}: text with a lone surrogate. Expected well-formed Unicode`;
    throw new PersistenceError('INVALID_ARGUMENT', reason, { operation: field.operation });
  }
  return value;
}

/** Text or nothing. */
export function checkOptionalText(field: Field, value: unknown): string | null {
  return value === undefined || value === null ? null : checkText(field, value);
}

/** Throws `Missing required parameters`, naming all that are missing or empty. */
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

/** One of a few words. */
export function checkChoice<Choice extends string>(
  field: Field,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  if (!choices.includes(value as Choice)) throw invalid(field, value, `one of ${choices.join(', ')}`);
  return value as Choice;
}

/** A whole number from `min` up, exact in JavaScript. */
export function checkWholeNumber(field: Field, value: unknown, min: number = 0): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw invalid(field, value, `a whole number, ${min} or more`);
  }
  return value;
}

/** What is to be written: an object that holds fields. */
export function checkFields<Fields extends object>(field: Field, value: Fields): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(field, value, 'an object');
  return value;
}

/** A list to write together. */
export function checkList<Item>(field: Field, value: readonly Item[]): readonly Item[] {
  if (!Array.isArray(value)) throw invalid(field, value, 'an array');
  return value;
}
