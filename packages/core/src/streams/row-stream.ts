import type { Rows } from '../api/persistence.ts';
import type { RowBatch, Cursor } from '../tables/keyset-pagination.ts';

/** Rows read at a time while streaming. */
const BATCH_ROWS = 500;

/**
 * Reads a query's next rows.
 * @param batchRows - at most this many; undefined for all that are left of the query
 * @param cursor - where to go on, undefined for the beginning
 * @returns the rows, and where to go on; nowhere once the query's own limit or the last row is reached
 */
export type ReadRows<Row> = (
  batchRows: number | undefined,
  cursor: Cursor | undefined,
) => Promise<RowBatch<Row>>;

/** Rows that are read when somebody asks: all in one read for `await`, batch by batch for `for await`. */
export class RowStream<Row> implements Rows<Row> {
  readonly #readRows: ReadRows<Row>;

  constructor(readRows: ReadRows<Row>) {
    this.#readRows = readRows;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaitable is what this class is for
  then<Fulfilled = Row[], Rejected = never>(
    onFulfilled?: ((rows: Row[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#readRows(undefined, undefined)
      .then(({ rows }) => rows)
      .then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
    let cursor: Cursor | undefined;
    do {
      const batch: RowBatch<Row> = await this.#readRows(BATCH_ROWS, cursor);
      yield* batch.rows;
      cursor = batch.nextCursor;
    } while (cursor !== undefined);
  }
}
