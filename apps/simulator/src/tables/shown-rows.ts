import type { TableName } from '@ggen-sim/core';

/** Names of the rows that each table has loaded, in their order: what is before and after an open record. */
export const shownRows: Map<TableName, readonly string[]> = new Map();
