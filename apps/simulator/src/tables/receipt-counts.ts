import type { Persistence, TableName } from '@ggen-sim/core';
import { useMemo, useRef } from 'react';
import type { Filters } from '../address/address.ts';
import { pacedQuery } from '../database/paced-query.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { readsContent, receiptFiltersOf } from './row-filters.ts';

/** Numbers of receipts by their stored status; undefined while they are counted. */
export interface ReceiptCounts {
  readonly total?: number;
  readonly success?: number;
  readonly partial?: number;
  readonly error?: number;
}

const RECEIPTS: readonly TableName[] = ['receipts'];
const NO_TABLES: readonly TableName[] = [];
const NOT_COUNTED: ReceiptCounts = {};

/**
 * Counts the receipts that pass the filters: first all of them, then those of each status. Nothing is counted without a
 * filter, because the counts of all rows tell it.
 */
export function useReceiptCounts(filters: Filters): ReceiptCounts {
  const filterText = JSON.stringify(filters);
  // A count of a million rows takes seconds, and what the user asks for next waits for it.
  const wanted = useRef(filterText);
  wanted.current = filterText;
  const [countTotal, countStatuses] = useMemo((): readonly [CountQuery, CountQuery] => {
    const chosen = JSON.parse(filterText) as Filters;
    if (Object.keys(chosen).length === 0) return [countNothing, countNothing];
    const isWanted = (): boolean => wanted.current === filterText;
    return [
      pacedQuery(async (persistence) => {
        const total = await persistence.countReceipts(receiptFiltersOf(chosen));
        return { filterText, counts: { total } };
      }),
      pacedQuery(async (persistence) => ({
        filterText,
        counts: await countByStatus(persistence, chosen, isWanted),
      })),
    ];
  }, [filterText]);
  const tables = readsContent(filters) ? NO_TABLES : RECEIPTS;
  const total = useLiveQuery(countTotal, tables).value;
  const statuses = useLiveQuery(countStatuses, tables).value;
  if (total?.filterText !== filterText) return NOT_COUNTED;
  if (filters.status !== undefined) return { ...ofOneStatus(filters, total.counts.total), ...total.counts };
  return { ...total.counts, ...(statuses?.filterText === filterText && statuses.counts) };
}

interface Counted {
  readonly filterText: string;
  readonly counts: ReceiptCounts;
}

type CountQuery = (persistence: Persistence) => Promise<Counted>;

function countNothing(): Promise<Counted> {
  return Promise.resolve({ filterText: '{}', counts: NOT_COUNTED });
}

/** The numbers by status of receipts that all have one. */
function ofOneStatus(filters: Filters, total: number | undefined): ReceiptCounts {
  const { status = '' } = receiptFiltersOf(filters);
  return { success: 0, partial: 0, error: 0, ...(total !== undefined && { [String(status)]: total }) };
}

async function countByStatus(
  persistence: Persistence,
  filters: Filters,
  isWanted: () => boolean,
): Promise<ReceiptCounts> {
  if (filters.status !== undefined) return NOT_COUNTED;
  const chosen = receiptFiltersOf(filters);
  const counts: Record<string, number> = {};
  for (const status of ['success', 'error', 'partial'] as const) {
    if (!isWanted()) return NOT_COUNTED;
    counts[status] = await persistence.countReceipts({ ...chosen, status });
  }
  return counts;
}
