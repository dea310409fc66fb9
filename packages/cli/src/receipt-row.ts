import type { Persistence, ReceiptRow } from '@ggen-sim/core';
import { CommandFailure } from './failures.ts';

/** Finds a receipt by its id. @throws {CommandFailure} NOT_FOUND */
export async function findReceiptRow(database: Persistence, receiptId: string): Promise<ReceiptRow> {
  const { columnsOfTable } = await import('@ggen-sim/core');
  const columns = columnsOfTable('receipts');
  const names = columns.map(({ column }) => column).join();
  const { rows } = await database.querySql({
    sql: `SELECT ${names} FROM receipts WHERE receipt_id = ?`,
    parameters: [receiptId],
  });
  const [row] = rows;
  if (row === undefined)
    throw new CommandFailure('NOT_FOUND', `There is no receipt ${JSON.stringify(receiptId)}`);
  return Object.fromEntries(columns.map(({ field }, index) => [field, row[index]])) as unknown as ReceiptRow;
}
