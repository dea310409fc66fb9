import { PersistenceError } from '../api/errors.ts';
import { checkJson } from '../validation/json-text.ts';

/** Checks the JSON of a stored row. @returns the problem, or undefined */
export function storedJsonProblem(name: string, text: unknown): string | undefined {
  if (typeof text !== 'string') return `${name}_json is not text`;
  try {
    checkJson({ operation: 'verify', name }, text);
    return undefined;
  } catch (error) {
    if (error instanceof PersistenceError) return error.message;
    throw error;
  }
}
