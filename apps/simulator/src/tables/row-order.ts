import type { DurationOrder, RowOrder } from '@ggen-sim/core';

/** Order of the rows of a table. */
export type Order = RowOrder | DurationOrder;

/** The order of a table that nobody has sorted. */
export const DEFAULT_ORDER: Order = 'newest-first';

/** Orders by time, which every table has. */
export const TIME_ORDERS: readonly Order[] = ['newest-first', 'oldest-first'];

/** Orders by duration. */
export const DURATION_ORDERS: readonly Order[] = ['longest-first', 'shortest-first'];

/** Names of the orders for screen readers. */
export const ORDER_NAMES: Readonly<Record<Order, string>> = {
  'newest-first': 'newest first',
  'oldest-first': 'oldest first',
  'longest-first': 'longest first',
  'shortest-first': 'shortest first',
};

/** Finds the order of an address among those that a table has. */
export function orderOf(given: string | undefined, orders: readonly Order[]): Order {
  return orders.find((order) => order === given) ?? DEFAULT_ORDER;
}
