import type { Rows, RowsWithCursor } from '../api/rows.ts';
import type { RowBatch, Cursor } from '../tables/keyset-pagination.ts';

/** Number of rows in a batch while streaming. */
const BATCH_ROWS = 500;

/**
 * Reads the next rows of a query.
 * @param batchRows - rows to return at most, and fewer when they are large; undefined for every row the query has left
 * @param cursor - the end of the batch before; undefined for the first batch
 * @returns the rows and their cursor, which is undefined after the last row or at the query's limit
 */
export type ReadRows<Row> = (
  batchRows: number | undefined,
  cursor: Cursor | undefined,
) => Promise<RowBatch<Row>>;

/** Rows that are read on demand: in one batch for `await`, batch by batch for `for await`. */
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

  async withCursor(): Promise<RowsWithCursor<Row>> {
    const { rows, endCursor } = await this.#readRows(undefined, undefined);
    return { rows, nextCursor: endCursor ?? null };
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
