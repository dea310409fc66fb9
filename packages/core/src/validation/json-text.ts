import canonicalize from 'canonicalize';
import { PersistenceError } from '../api/errors.ts';
import type { JsonInput } from '../api/persistence.ts';
import { type Field, checkText } from './arguments.ts';

/** Deepest nesting that is accepted. RFC 8259 section 9 allows a limit; this one is far below any parser's stack. */
const MAX_JSON_LEVELS = 1000;

/**
 * Returns the JSON text to store. Text is checked to be one JSON value (RFC 8259) and returned byte for byte. Any other
 * value is serialised canonically (RFC 8785).
 * @throws {PersistenceError} `INVALID_JSON`, "Invalid JSON in receipt" (or memory)
 */
export function checkJson(field: Field, input: JsonInput): string {
  const text = typeof input === 'string' ? checkText(field, input) : serialise(field, input);
  try {
    // Serialised values are parsed as well: canonicalize writes "undefined" for a function inside a value.
    JSON.parse(text);
  } catch (error) {
    throw invalidJson(field, messageWithoutText(error));
  }
  // Each level takes two brackets, so most texts are too short to exceed the limit.
  const levels = text.length > 2 * MAX_JSON_LEVELS ? nestingLevels(text) : 0;
  if (levels > MAX_JSON_LEVELS)
    throw invalidJson(field, `${levels} levels of nesting, at most ${MAX_JSON_LEVELS}`);
  return text;
}

/**
 * Returns the parser's message without the part of the text that some engines quote. The text may be a secret, and errors
 * are logged.
 */
function messageWithoutText(error: unknown): string {
  return (error as Error).message.replace(/(?:\.{3})?"[^]*"(?:\.{3})?/, 'the text');
}

function invalidJson(field: Field, reason: string, cause?: unknown): PersistenceError {
  return new PersistenceError('INVALID_JSON', `Invalid JSON in ${field.name}: ${reason}`, {
    operation: field.operation,
    ...(cause === undefined ? {} : { cause }),
  });
}

function serialise(field: Field, value: unknown): string {
  // Its JSON form is {}, which no caller that forgot an await means.
  if (value instanceof Promise) throw invalidJson(field, 'the value is a promise');
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw invalidJson(field, `the value has no JSON form (${(error as Error).message})`, error);
  }
  if (typeof text !== 'string') throw invalidJson(field, 'the value has no JSON form');
  return checkText(field, text);
}

/** Counts the levels of brackets outside strings, in valid JSON. */
function nestingLevels(text: string): number {
  let level = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c) index++;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x5b || character === 0x7b) deepest = Math.max(deepest, ++level);
    else if (character === 0x5d || character === 0x7d) level--;
  }
  return deepest;
}
