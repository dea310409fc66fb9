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
import { Turns, type FieldContext } from './context.ts';
import { fieldError, graphqlError } from './errors.ts';
import { resolveField } from './field-resolver.ts';
import { AnswerSize, limitsRule, MAX_DOCUMENT_CHARACTERS, MAX_TOKENS } from './limits.ts';
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
  /** Ends an operation: a subscription, a verification, and before the next field that reads or saves. */
  readonly signal?: AbortSignal;
  /** In place of `agent`: returns the agent in whose name a mutation saves, or throws. */
  readonly agentThatWrites?: (given: string | undefined) => string | undefined;
  /** Characters of one answer; a larger one is an error. @default 16777216 */
  readonly maxAnswerCharacters?: number;
}

let schema: GraphQLSchema | undefined;

/** Returns the schema, which is built when it is first needed. */
export function graphqlSchema(): GraphQLSchema {
  schema ??= buildSchema(SCHEMA_SDL);
  return schema;
}

const ROOT: Readonly<Record<string, unknown>> = { ...QUERIES, ...MUTATIONS, changes };

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
    fieldResolver: resolveField,
  };
}

function contextOf(database: Persistence, options: GraphqlOptions): FieldContext {
  const { isWritable = false, agent, signal, agentThatWrites } = options;
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
    answerSize: new AnswerSize(options.maxAnswerCharacters),
    turns: new Turns(signal),
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
  yield* await beginGraphql(database, request, options);
}

/** Runs a query, or begins a subscription, before it resolves. @returns the results, as of {@link subscribeGraphql} */
export async function beginGraphql(
  database: Persistence,
  request: GraphqlRequest,
  options: GraphqlOptions,
): Promise<AsyncGenerator<ExecutionResult, void, undefined>> {
  const prepared = prepareOperation(database, request, options);
  if (!('schema' in prepared)) return resultsOf({ errors: prepared });
  return resultsOf(isSubscription(prepared) ? await subscribe(prepared) : await execute(prepared));
}

async function* resultsOf(
  result: ExecutionResult | AsyncGenerator<ExecutionResult, void, void>,
): AsyncGenerator<ExecutionResult, void, undefined> {
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
