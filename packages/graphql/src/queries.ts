/** The fields of `Query`. */
import type { Persistence, Rows } from '@ggen-sim/core';
import type { FieldContext } from './context.ts';
import { graphqlError } from './errors.ts';
import { MAX_PAGE_ROWS } from './limits.ts';

/** Arguments as graphql-js has checked them against the schema; a field that was not given is absent or null. */
type Given = Readonly<Record<string, unknown>>;

interface PageArguments {
  readonly filter?: Given | null;
  readonly order: string;
  readonly first: number;
  readonly after?: string | null;
}

interface TimeSeriesArguments {
  readonly filter?: Given;
  readonly table: string;
  readonly bucket?: string;
  readonly by?: string;
  readonly period?: string;
}

/** Returns the arguments that are not null. */
export function given<T>(values: Given): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as T;
}

/** Returns the database's name of an enum value; `separator` stands between its words. */
export const enumName = <T>(value: string, separator: '-' | '_' = '-'): T =>
  value.toLowerCase().replaceAll('_', separator) as T;

/** Reads a page, and the number of all rows where it is asked for. */
async function page<Row extends object>(
  { filter, order, first, after }: PageArguments,
  query: (query: object) => Rows<Row>,
  count: (filters: object) => Promise<number>,
): Promise<object> {
  if (first < 1 || first > MAX_PAGE_ROWS)
    throw graphqlError('INVALID_ARGUMENT', `first must be from 1 to ${MAX_PAGE_ROWS}, not ${first}`);
  const filters = given<object>(filter ?? {});
  const position = after === null || after === undefined ? {} : { after };
  const { rows, nextCursor } = await query({
    ...filters,
    ...position,
    order: enumName(order),
    limit: first,
  }).withCursor();
  return {
    nodes: rows,
    pageInfo: { hasNextPage: nextCursor !== null, endCursor: nextCursor },
    totalCount: () => count(filters),
  };
}

type Field = (input: never, context: FieldContext) => Promise<unknown>;

/** What `Query` reads. The schema has exactly the filters that each table takes. */
export const QUERIES: Readonly<Record<string, Field>> = {
  receipts: (input: PageArguments, context) =>
    page(
      input,
      (query) => context.database.queryReceipts(query),
      (filters) => context.database.countReceipts(filters),
    ),
  memories: (input: PageArguments, context) =>
    page(
      input,
      (query) => context.database.queryMemory(query),
      (filters) => context.database.countMemory(filters),
    ),
  auditTrail: (input: PageArguments, context) =>
    page(
      input,
      (query) => context.database.queryAuditTrail(query),
      (filters) => context.database.countAuditTrail(filters),
    ),
  receiptJson: async (
    { receiptId, executionId }: { readonly receiptId?: string | null; readonly executionId?: string | null },
    context,
  ) => {
    if ((receiptId ?? null) === null) return receiptOf(context, executionId);
    if ((executionId ?? null) !== null) throw oneOfTwo();
    return context.database.getReceipt(receiptId ?? '');
  },
  memoryJson: async (input: Given, { database }) =>
    database.getMemory(given<Parameters<Persistence['getMemory']>[0]>(input)),
  memoryHistory: async ({ agentId }: { readonly agentId: string }, { database }) =>
    database.memoryHistory(agentId),
  stats: async (_: unknown, { database }) => database.stats(),
  analytics: async (
    { period, agent }: { readonly period: string; readonly agent?: string | null },
    context,
  ) =>
    context.database.analytics({
      period: enumName(period),
      ...(agent !== null && agent !== undefined && { agent }),
    }),
  timeSeries: async (input: TimeSeriesArguments, { database }) => {
    const { filter, table, bucket, by, period } = given<TimeSeriesArguments>({ ...input });
    return database.timeSeries({
      ...given<object>(filter ?? {}),
      table: enumName(table, '_'),
      ...(bucket !== undefined && { bucket: enumName(bucket) }),
      ...(by !== undefined && { by: enumName(by) }),
      ...(period !== undefined && { period: enumName(period) }),
    });
  },
  verify: async (_: unknown, { database, signal }) => database.verify(signal === undefined ? {} : { signal }),
};

async function receiptOf(
  { database }: FieldContext,
  executionId: string | null | undefined,
): Promise<string> {
  if (executionId === null || executionId === undefined) throw oneOfTwo();
  return database.getReceipt({ executionId });
}

const oneOfTwo = (): Error =>
  graphqlError('INVALID_ARGUMENT', 'receiptJson takes one of receiptId and executionId');
