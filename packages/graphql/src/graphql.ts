/** Operations: parsed, validated, limited and run. */
import type { Persistence } from '@ggen-sim/core';
import {
  buildSchema,
  execute,
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  specifiedRules,
  subscribe,
  validate,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { FieldContext } from './context.ts';
import { fieldError, graphqlError } from './errors.ts';
import { limitsRule, MAX_ANSWER_CHARACTERS, MAX_DOCUMENT_CHARACTERS, MAX_TOKENS } from './limits.ts';
import { MUTATIONS } from './mutations.ts';
import { QUERIES } from './queries.ts';
import { SCHEMA_SDL } from './sdl.ts';
import { changes } from './subscriptions.ts';

/** An operation, as clients send it. */
export interface GraphqlRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What an operation may do. */
export interface GraphqlOptions {
  /** Let mutations save. @default false */
  readonly isWritable?: boolean;
  /** The only agent in whose name mutations save. @default each names its agent */
  readonly agent?: string;
  /** Ends a subscription, and a verification. */
  readonly signal?: AbortSignal;
  /** In place of `agent`: returns the agent in whose name a mutation saves, or throws. */
  readonly agentThatWrites?: (given: string | undefined) => string | undefined;
}

let schema: GraphQLSchema | undefined;

/** Returns the schema, which is built when it is first needed. */
export function graphqlSchema(): GraphQLSchema {
  schema ??= buildSchema(SCHEMA_SDL);
  return schema;
}

/** Makes the root of fields: each reports its errors with a code. */
const ROOT: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(
    Object.entries({ ...QUERIES, ...MUTATIONS }).map(([name, field]) => [
      name,
      (input: never, context: FieldContext) =>
        field(input, context).catch((error: unknown) => Promise.reject(fieldError(error))),
    ]),
  ),
  changes,
};

/**
 * Checks an operation.
 * @returns what `execute` and `subscribe` of graphql-js take, or the errors. Nothing was read or saved
 */
export function prepareOperation(
  database: Persistence,
  { query, operationName, variables }: GraphqlRequest,
  options: GraphqlOptions = {},
): ExecutionArgs | readonly GraphQLError[] {
  if (query.length > MAX_DOCUMENT_CHARACTERS)
    return [
      graphqlError('QUERY_TOO_LARGE', `The document has more than ${MAX_DOCUMENT_CHARACTERS} characters`),
    ];
  let document: ExecutionArgs['document'];
  try {
    document = parse(query, { maxTokens: MAX_TOKENS });
  } catch (error) {
    return [error instanceof GraphQLError ? error : fieldError(error)];
  }
  const errors = validate(graphqlSchema(), document, [...specifiedRules, limitsRule], { maxErrors: 20 });
  if (errors.length > 0) return errors;
  const operation = getOperationAST(document, operationName);
  if (!operation) return [graphqlError('INVALID_ARGUMENT', 'The document has no operation of this name')];
  if (operation.operation === OperationTypeNode.MUTATION && options.isWritable !== true)
    return [graphqlError('READ_ONLY', 'Only reading is allowed here', 'Nothing was stored')];
  return {
    schema: graphqlSchema(),
    document,
    operationName: operationName ?? null,
    variableValues: variables ?? {},
    rootValue: ROOT,
    contextValue: contextOf(database, options),
  };
}

function contextOf(database: Persistence, options: GraphqlOptions): FieldContext {
  const { isWritable = false, agent, signal, agentThatWrites } = options;
  let characters = 0;
  return {
    database,
    isWritable,
    signal,
    agentThatWrites:
      agentThatWrites ??
      ((given) => {
        if (agent !== undefined && given !== undefined && given !== agent)
          throw graphqlError('FORBIDDEN_AGENT', `This writes as ${agent}, not as ${given}`);
        return agent ?? given;
      }),
    countRow(row) {
      for (const value of Object.values(row)) if (typeof value === 'string') characters += value.length;
      if (characters > MAX_ANSWER_CHARACTERS)
        throw graphqlError('ANSWER_TOO_LARGE', 'The rows are too large for one answer', 'Ask for fewer rows');
    },
  };
}

function isSubscription({ document, operationName }: ExecutionArgs): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
}

/** Runs a query or a mutation. Errors are in the result. */
export async function runGraphql(
  database: Persistence,
  request: GraphqlRequest,
  options: GraphqlOptions = {},
): Promise<ExecutionResult> {
  const prepared = prepareOperation(database, request, options);
  if (!('schema' in prepared)) return { errors: prepared };
  if (!isSubscription(prepared)) return execute(prepared);
  const hint = 'Over HTTP, send Accept: text/event-stream';
  return { errors: [graphqlError('INVALID_ARGUMENT', 'A subscription has more than one result', hint)] };
}

/**
 * Runs a subscription: a result for each event, until the caller leaves the loop or the signal fires. A query is a
 * subscription with one result.
 */
export async function* subscribeGraphql(
  database: Persistence,
  request: GraphqlRequest,
  options: GraphqlOptions = {},
): AsyncGenerator<ExecutionResult, void, undefined> {
  const prepared = prepareOperation(database, request, options);
  if (!('schema' in prepared)) {
    yield { errors: prepared };
    return;
  }
  const result = isSubscription(prepared) ? await subscribe(prepared) : await execute(prepared);
  if (!(Symbol.asyncIterator in result)) {
    yield result;
    return;
  }
  try {
    yield* result;
  } catch (error) {
    yield { errors: [fieldError(error)] };
  }
}
