/** A thread that reads the rows of an import, and computes their hashes. */
import { parentPort } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { TableName } from '../api/persistence.ts';
import { leafOf } from '../change-log/canonical-form.ts';
import { expose } from '../protocol/rpc.ts';
import { TextBytes } from '../tables/stored-bytes.ts';
import { LEAF_BYTES, RowReader, type ReadSettings, type SentRows } from './row-reader.ts';

/** Answers the thread that started this one. */
export class ReaderService {
  #reader: RowReader | undefined;
  #table: TableName = 'receipts';

  open(settings: ReadSettings): void {
    this.#reader = new RowReader(settings);
    this.#table = settings.table;
  }

  /** @param piece - undefined at the end of the input */
  read(piece: Uint8Array | undefined, now: string): SentRows {
    const reader = this.#reader as RowReader;
    const rows = reader.read(piece, now);
    const leaves = new Uint8Array(rows.length * LEAF_BYTES);
    const textBytes: [row: number, column: number][] = [];
    for (const [index, row] of rows.entries()) {
      if ('reason' in row) continue;
      leaves.set(leafOf(this.#table, row.values), index * LEAF_BYTES);
      for (const [column, value] of row.values.entries()) {
        if (value instanceof TextBytes) textBytes.push([index, column]);
      }
    }
    return { rows, leaves, textBytes };
  }
}

expose(new ReaderService(), nodeEndpoint(parentPort));
