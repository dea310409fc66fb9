/** The field of `Subscription`: the change log, read at the pace of whoever asks. */
import type { AuditRow, ChangeEvent, MemoryRow, ReceiptRow } from '@ggen-sim/core';
import type { FieldContext } from './context.ts';
import { fieldError } from './errors.ts';

interface ChangesArguments {
  readonly after?: string | null;
  readonly tables?: readonly string[] | null;
  readonly kinds?: readonly string[] | null;
  readonly agents?: readonly string[] | null;
}

const TYPES: Readonly<Record<string, string>> = {
  receipts: 'Receipt',
  agent_memory: 'Memory',
  audit_log: 'AuditEntry',
};

/**
 * Follows the change log. Where it begins is known when this resolves, so that what is saved from then on is an event.
 * @throws {GraphQLError} as `historyStatus` does
 */
export async function changes(
  given: ChangesArguments,
  context: FieldContext,
): Promise<AsyncGenerator<{ readonly changes: object }, void, undefined>> {
  try {
    const start = given.after ?? (await context.database.historyStatus()).lastSeq;
    return follow(start, given, context);
  } catch (error) {
    throw fieldError(error);
  }
}

async function* follow(
  start: string | number,
  { tables, kinds, agents }: ChangesArguments,
  { database, signal, answerSize }: FieldContext,
): AsyncGenerator<{ readonly changes: object }, void, undefined> {
  const passes = ({ kind, table, row }: ChangeEvent['data']): boolean =>
    (!tables || table === null || tables.includes(table)) &&
    (!kinds || kinds.includes(kind)) &&
    (!agents || (row !== null && row !== undefined && agents.includes(row.agentId)));
  try {
    const position = typeof start === 'string' && /^\d+$/u.test(start) ? Number(start) : start;
    const options = { after: position, follow: true, rows: true, ...(signal !== undefined && { signal }) };
    for await (const event of database.changes(options)) {
      if (!passes(event.data)) continue;
      answerSize.restart();
      yield { changes: shown(event) };
    }
  } catch (error) {
    if (signal?.aborted !== true) throw fieldError(error);
  }
}

function shown({ id, time, data: { seq, kind, table, rowId, row } }: ChangeEvent): object {
  return { id, seq, kind, table, rowId, time, row: typed(table, row) };
}

function typed(
  table: string | null,
  row: ReceiptRow | MemoryRow | AuditRow | null | undefined,
): object | null {
  return row && table !== null ? { ...row, __typename: TYPES[table] } : null;
}
