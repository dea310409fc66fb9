import type { Rows } from '../api/persistence.ts';
import type { Page, PageStart } from '../tables/keyset-pagination.ts';

/** Rows read at a time while streaming. */
const BATCH_ROWS = 500;

/**
 * Reads a query's next rows.
 * @param batchRows - at most this many; undefined for all that are left of the query
 * @param start - where to go on, undefined for the beginning
 * @returns the rows, and where to go on; nowhere once the query's own limit or the last row is reached
 */
export type ReadPage<Row> = (
  batchRows: number | undefined,
  start: PageStart | undefined,
) => Promise<Page<Row>>;

/** Rows that are read when somebody asks: all in one read for `await`, batch by batch for `for await`. */
export class RowStream<Row> implements Rows<Row> {
  readonly #readPage: ReadPage<Row>;

  constructor(readPage: ReadPage<Row>) {
    this.#readPage = readPage;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaitable is what this class is for
  then<Fulfilled = Row[], Rejected = never>(
    onFulfilled?: ((rows: Row[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#readPage(undefined, undefined)
      .then(({ rows }) => rows)
      .then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
    let start: PageStart | undefined;
    do {
      const page: Page<Row> = await this.#readPage(BATCH_ROWS, start);
      yield* page.rows;
      start = page.next;
    } while (start !== undefined);
  }
}
