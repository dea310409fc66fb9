import type { Persistence, RowOrder, TableName } from '@ggen-sim/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';

/** Rows taken from the database at a time. */
const PAGE_ROWS = 250;

/** A table's rows, in one order, as far as somebody has scrolled. */
export interface RowPages<Row> {
  readonly rows: readonly Row[];
  /** Whether these are all rows there are. */
  readonly ended: boolean;
  /** False until the first page has arrived. */
  readonly loaded: boolean;
  /** Whether rows were written that scrolling on does not reach. */
  readonly stale: boolean;
  readonly failure: Failure | undefined;
  /** Takes the next page; does nothing while one is on its way. */
  readonly more: () => Promise<void>;
  /** Begins again at the first row; `at top`: unless somebody scrolls away meanwhile. */
  readonly refresh: (when: 'always' | 'at top') => Promise<void>;
}

/** What {@link useRowPages} reads. All of it must be stable. */
export interface RowPagesSource<Stored, Row> {
  readonly table: TableName;
  readonly order: RowOrder;
  readonly query: (persistence: Persistence) => AsyncIterable<Stored>;
  /** What of a stored row is kept in memory: not its JSON. */
  readonly keep: (row: Stored) => Row;
}

/**
 * Pages through a query by its asynchronous iterator, so that a hundred thousand rows cost what is looked at.
 *
 * @param pinned - whether the person has scrolled away from the top: then new rows are announced instead of shown, so
 *   that nothing moves under their eyes
 */
export function useRowPages<Stored, Row>(
  source: RowPagesSource<Stored, Row>,
  pinned: boolean,
): RowPages<Row> {
  const persistence = usePersistence();
  const [state, setState] = useState<Omit<RowPages<Row>, 'more' | 'refresh'>>(nothing);
  const reader = useRef<PageReader<Stored> | undefined>(undefined);
  const pinnedNow = useRef(pinned);
  pinnedNow.current = pinned;

  const more = useCallback(async () => {
    const current = reader.current;
    if (!current) return;
    try {
      const page = await current.next();
      if (!page || reader.current !== current) return;
      setState(({ rows, stale }) => ({
        rows: [...rows, ...page.rows.map(source.keep)],
        ended: page.ended,
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
      const fresh = new PageReader(source.query(persistence));
      try {
        const page = await fresh.next();
        if (!page) return;
        if (when === 'at top' && pinnedNow.current) {
          setState((before) => ({ ...before, stale: true }));
          return;
        }
        reader.current = fresh;
        const rows = page.rows.map(source.keep);
        setState({ rows, ended: page.ended, loaded: true, stale: false, failure: undefined });
      } catch (error) {
        const failure = reportDatabaseFailure(error);
        setState((before) => ({ ...before, loaded: true, failure }));
      }
    },
    [persistence, source],
  );

  useEffect(() => {
    const busy = { now: false, again: false };
    const onChange = async (): Promise<void> => {
      if (pinnedNow.current) {
        setState((before) => (before.stale ? before : { ...before, stale: true }));
        return;
      }
      busy.again = true;
      if (busy.now) return;
      busy.now = true;
      while (busy.again) {
        busy.again = false;
        await refresh('at top');
      }
      busy.now = false;
    };
    pinnedNow.current = false;
    void onChange();
    return persistence.subscribe((change) => {
      if (change.tables.includes(source.table)) void onChange();
    });
  }, [persistence, refresh, source]);

  return { ...state, more, refresh };
}

/** Takes an iterator's rows a page at a time. */
class PageReader<Row> {
  readonly #rows: AsyncIterator<Row>;
  #busy = false;
  #ended = false;

  constructor(rows: AsyncIterable<Row>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** The next page; `undefined` while one is on its way, and after the last. */
  async next(): Promise<{ rows: Row[]; ended: boolean } | undefined> {
    if (this.#busy || this.#ended) return undefined;
    this.#busy = true;
    try {
      const rows: Row[] = [];
      while (rows.length < PAGE_ROWS) {
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

function nothing<Row>(): Omit<RowPages<Row>, 'more' | 'refresh'> {
  return { rows: [], ended: false, loaded: false, stale: false, failure: undefined };
}
