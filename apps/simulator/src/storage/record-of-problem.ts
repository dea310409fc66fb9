/** The record that a problem of a check is about, so that a link can lead to it. */
import type { Persistence, TableName, VerifyProblem } from '@ggen-sim/core';
import type { Address, View } from '../address/address.ts';

/** Where the rows of each table are shown, the column of the id in their addresses, and what a row is called. */
const RECORDS: Readonly<
  Record<TableName, { readonly view: View; readonly column: string; readonly name: string }>
> = {
  receipts: { view: 'receipts', column: 'receipt_id', name: 'receipt' },
  agent_memory: { view: 'memory', column: 'agent_id', name: 'memory' },
  audit_log: { view: 'audit', column: 'audit_id', name: 'audit entry' },
};

/** A record that is stored, by its address. */
export interface ProblemRecord {
  readonly name: string;
  readonly address: Address;
}

/** Finds the record that a problem names by its rowid. @returns undefined where it is gone, or is of no table */
export async function recordOfProblem(
  persistence: Persistence,
  { row }: VerifyProblem,
): Promise<ProblemRecord | undefined> {
  const [table = '', rowid = ''] = row?.split(' ') ?? [];
  if (!Object.hasOwn(RECORDS, table) || !/^-?\d+$/u.test(rowid)) return undefined;
  const { view, column, name } = RECORDS[table as TableName];
  const { rows } = await persistence.querySql({
    sql: `SELECT ${column} FROM ${table} WHERE rowid = CAST(? AS INTEGER)`,
    parameters: [rowid],
    limit: 1,
  });
  const id = rows[0]?.[0];
  return typeof id === 'string' && id !== ''
    ? { name, address: { view, record: id, filters: {} } }
    : undefined;
}
