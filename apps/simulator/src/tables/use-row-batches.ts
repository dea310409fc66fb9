import type { Persistence, TableName } from '@ggen-sim/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { coalesce } from '../database/coalesce.ts';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import type { Order } from './row-order.ts';

/** Rows read from the database at a time. */
const BATCH_ROWS = 250;

/** The rows of a table, in one order, as far as the user has scrolled. */
export interface RowBatches<Row> {
  readonly rows: readonly Row[];
  /** True when these are all rows. */
  readonly ended: boolean;
  /** True once the first batch has arrived. */
  readonly loaded: boolean;
  /** True when rows were written that scrolling on does not reach. */
  readonly stale: boolean;
  readonly failure: Failure | undefined;
  /** Reads the next batch. Does nothing while a batch is being read. */
  readonly readMore: () => Promise<void>;
  /** Reads again from the first row. With `at top`, keeps the shown rows if the user scrolls away meanwhile. */
  readonly refresh: (when: 'always' | 'at top') => Promise<void>;
}

type RowState<Row> = Omit<RowBatches<Row>, 'readMore' | 'refresh'>;

const NO_ROWS: RowState<never> = { rows: [], ended: false, loaded: false, stale: false, failure: undefined };

/** The query behind a table's rows. All of it must be stable. */
export interface RowSource<Stored, Row> {
  readonly table: TableName;
  readonly order: Order;
  readonly query: (persistence: Persistence) => AsyncIterable<Stored>;
  /** Picks the columns of a stored row that stay in memory: not its JSON. */
  readonly summarize: (row: Stored) => Row;
}

/**
 * Reads a query in batches through its asynchronous iterator, so that the cost is that of the rows looked at.
 *
 * @param scrolled - true when the user has scrolled away from the top: then new rows are announced instead of shown,
 *   so that nothing moves on the screen
 */
export function useRowBatches<Stored, Row>(
  source: RowSource<Stored, Row>,
  scrolled: boolean,
): RowBatches<Row> {
  const persistence = usePersistence();
  const [state, setState] = useState<RowState<Row>>(NO_ROWS);
  const reader = useRef<BatchReader<Stored> | undefined>(undefined);
  const latestScrolled = useRef(scrolled);
  latestScrolled.current = scrolled;

  const readMore = useCallback(async () => {
    const current = reader.current;
    if (!current) return;
    try {
      const batch = await current.next();
      if (!batch || reader.current !== current) return;
      setState(({ rows, stale }) => ({
        rows: [...rows, ...batch.rows.map(source.summarize)],
        ended: batch.ended,
        loaded: true,
        stale,
        failure: undefined,
      }));
    } catch (error) {
      const failure = reportDatabaseFailure(error);
      if (reader.current === current) setState((before) => ({ ...before, loaded: true, failure }));
    }
  }, [source]);

  const refresh = useCallback(
    async (when: 'always' | 'at top') => {
      const fresh = new BatchReader(source.query(persistence));
      try {
        const batch = await fresh.next();
        if (!batch) return;
        if (when === 'at top' && latestScrolled.current) {
          setState((before) => ({ ...before, stale: true }));
          return;
        }
        reader.current = fresh;
        const rows = batch.rows.map(source.summarize);
        setState({ rows, ended: batch.ended, loaded: true, stale: false, failure: undefined });
      } catch (error) {
        const failure = reportDatabaseFailure(error);
        setState((before) => ({ ...before, loaded: true, failure }));
      }
    },
    [persistence, source],
  );

  useEffect(() => {
    const refreshAtTop = coalesce(() => refresh('at top'));
    latestScrolled.current = false;
    refreshAtTop();
    return persistence.subscribe((change) => {
      if (!change.tables.includes(source.table)) return;
      if (latestScrolled.current) setState((before) => (before.stale ? before : { ...before, stale: true }));
      else refreshAtTop();
    });
  }, [persistence, refresh, source]);

  return { ...state, readMore, refresh };
}

/** Reads an iterator's rows in batches. */
class BatchReader<Row> {
  readonly #rows: AsyncIterator<Row>;
  #busy = false;
  #ended = false;

  constructor(rows: AsyncIterable<Row>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** Reads the next batch; resolves to `undefined` while another is being read, and after the last. */
  async next(): Promise<{ rows: Row[]; ended: boolean } | undefined> {
    if (this.#busy || this.#ended) return undefined;
    this.#busy = true;
    try {
      const rows: Row[] = [];
      while (rows.length < BATCH_ROWS) {
        const next = await this.#rows.next();
        if (next.done === true) {
          this.#ended = true;
          break;
        }
        rows.push(next.value);
      }
      return { rows, ended: this.#ended };
    } finally {
      this.#busy = false;
    }
  }
}
