import { GraphQLError } from 'graphql';

/** Makes an error with a code, in `extensions` as clients expect it. */
export function graphqlError(code: string, message: string, hint?: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...(hint !== undefined && { hint }) } });
}

/** Makes the error of a field. What is no error of the database may name paths or data, so its message stays here. */
export function fieldError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  // By name: a program may have two copies of the classes.
  const isOurs = error instanceof Error && ['PersistenceError', 'HttpError'].includes(error.name);
  if (!isOurs || !('code' in error)) return graphqlError('INTERNAL', 'The field failed unexpectedly');
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  return graphqlError(String(error.code), error.message, hint);
}
