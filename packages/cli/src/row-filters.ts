/** Options that select, order and continue rows, the same for every query and export. */
import type { AuditFilters, MemoryFilters, ReceiptFilters } from '@ggen-sim/core';
import { agentsOf } from './agent-selection.ts';
import { UsageError } from './failures.ts';
import { omitUndefined } from './omit-undefined.ts';
import { flag, optionalChoice, optionalText, repeatedText, type Parameter } from './parameters.ts';

type Text = Parameter<string | undefined>;
type Texts = Parameter<readonly string[] | undefined>;

const PERIOD_END = 'a date, a time in UTC, or a span before now such as 2h or 3d';

/** Filters of every table. */
const ROW_FILTERS: Readonly<{ since: Text; until: Text; text: Text; where: Texts }> = {
  since: optionalText({ placeholder: 'TIME', description: `only rows of this time or later: ${PERIOD_END}` }),
  until: optionalText({ placeholder: 'TIME', description: 'only rows before this time' }),
  text: optionalText({ description: 'only rows that contain this text; ASCII letters match in either case' }),
  where: repeatedText({
    placeholder: 'CONDITION',
    description: "only rows whose JSON meets it, such as '$.files_generated > 10'; may be repeated",
  }),
};

const STATUS: Texts = repeatedText({ description: 'only rows of this status; may be repeated' });

function beginning(what: string): Text {
  return optionalText({ description: `only this ${what}; with * at the end, every one that begins so` });
}

/** Filters of receipts. */
export const RECEIPT_FILTERS: typeof ROW_FILTERS &
  Readonly<{ status: Texts; agentType: Text; execution: Text }> = {
  status: STATUS,
  agentType: beginning('type of agents'),
  execution: beginning('execution id'),
  ...ROW_FILTERS,
};

/** Filters of agent memory. */
export const MEMORY_FILTERS: typeof ROW_FILTERS & Readonly<{ agentType: Text }> = {
  agentType: beginning('type of agents'),
  ...ROW_FILTERS,
};

/** Filters of audit entries, beyond the days. */
export const AUDIT_FILTERS: typeof ROW_FILTERS &
  Readonly<{ status: Texts; operation: Text; operationType: Text }> = {
  status: STATUS,
  operation: beginning('operation'),
  operationType: beginning('type of operations'),
  ...ROW_FILTERS,
};

/** Values of filter options; undefined for those not given. */
interface FilterValues {
  readonly agent: string | undefined;
  readonly agentExact: string | undefined;
  readonly days?: number | undefined;
  readonly status?: readonly string[] | undefined;
  readonly agentType?: string | undefined;
  readonly execution?: string | undefined;
  readonly operation?: string | undefined;
  readonly operationType?: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly text: string | undefined;
  readonly where: readonly string[] | undefined;
}

/**
 * Makes the filters of a query from the values of its options.
 * @throws {UsageError} when options contradict each other
 */
export function filtersOf(values: FilterValues): ReceiptFilters & MemoryFilters & AuditFilters {
  const { agent, agentExact, days, since, until, text, where, ...columns } = values;
  const { status, agentType, execution, operation, operationType } = columns;
  if (days !== undefined && since !== undefined) {
    throw new UsageError('DAYS and --since exclude each other', 'Give one of them');
  }
  return {
    ...agentsOf(agent, agentExact),
    ...omitUndefined({
      days,
      status,
      agentType,
      execution,
      operation,
      operationType,
      since,
      until,
      text,
      where,
    }),
  };
}

const TIME_ORDERS = ['newest-first', 'oldest-first'] as const;
const ROW_ORDERS = ['newest-first', 'oldest-first', 'longest-first', 'shortest-first'] as const;

type TimeOrder = (typeof TIME_ORDERS)[number];
type Order = (typeof ROW_ORDERS)[number];

const OLDEST_FIRST: Parameter<boolean> = flag({ description: 'oldest rows first' });
const ORDER_DESCRIPTION = 'order of the rows (default: newest-first)';

/** The options that set the order of rows that have durations. */
export const ORDER_OPTIONS: Readonly<{
  oldestFirst: Parameter<boolean>;
  order: Parameter<Order | undefined>;
}> = {
  oldestFirst: OLDEST_FIRST,
  order: optionalChoice(ROW_ORDERS, { description: ORDER_DESCRIPTION }),
};

/** The options that set the order of rows without durations. */
export const TIME_ORDER_OPTIONS: Readonly<{
  oldestFirst: Parameter<boolean>;
  order: Parameter<TimeOrder | undefined>;
}> = { oldestFirst: OLDEST_FIRST, order: optionalChoice(TIME_ORDERS, { description: ORDER_DESCRIPTION }) };

/** Converts the options of the order to that of a query. */
export function orderOf<Word extends Order>(order: Word | undefined, oldestFirst: boolean): Word | TimeOrder {
  return order ?? (oldestFirst ? 'oldest-first' : 'newest-first');
}

/** The options of queries that count, and that continue. */
export const CONTINUATION_OPTIONS: Readonly<
  Record<'count' | 'withCursor', Parameter<boolean>> & { after: Text }
> = {
  count: flag({ description: 'print the number of all rows that the filters select, without a limit' }),
  withCursor: flag({ description: 'print { rows, next_cursor }; the cursor continues after the last row' }),
  after: optionalText({
    placeholder: 'CURSOR',
    description: 'continue after the rows that printed this cursor',
  }),
};

/** Pairs of these options that contradict each other. */
export const EXCLUSIVE_QUERY_OPTIONS: readonly (readonly [
  'count' | 'order' | 'withCursor',
  'withCursor' | 'after' | 'oldestFirst' | 'raw',
])[] = [
  ['order', 'oldestFirst'],
  ['count', 'withCursor'],
  ['count', 'after'],
  ['count', 'raw'],
];
