import type { BenchReceipt } from '../dataset/rows.ts';
import {
  ANALYTICS_SQL,
  AUDIT_COUNT_SQL,
  EVERY_AGENT,
  auditValues,
  GET_RECEIPT_SQL,
  INSERT_AUDIT_SQL,
  INSERT_RECEIPT_SQL,
  LAST_RECEIPT_SQL,
  LATEST_RECEIPTS_SQL,
  MEMORY_COUNT_SQL,
  RECEIPT_COUNTS_SQL,
  receiptStatisticsValues,
  receiptValues,
  type SqlValue,
} from '../dataset/statements.ts';
import type { Session } from './engine.ts';

/** The little of an SQL engine that a session needs; the engine keeps its statements prepared. */
export interface SqlConnection {
  run(sql: string, values?: SqlValue[]): unknown;
  /** Rows as arrays or objects, whatever the engine does best. */
  all(sql: string, values?: SqlValue[]): readonly unknown[] | Promise<readonly unknown[]>;
  /** Set when callers must not write BEGIN and COMMIT themselves. */
  inTransaction?(work: (transaction: Pick<SqlConnection, 'run'>) => Promise<void>): Promise<unknown>;
  exportImage?(): Promise<number>;
  backup?(directory: string): Promise<number>;
  close(): unknown;
}

/** Settings of {@link sqlSession}. */
export interface SqlSessionOptions {
  /** Calls wait for each other, for an engine that cannot take a second while the first is under way. */
  readonly oneAtATime?: boolean;
  /** Changes statements for a dialect. */
  readonly dialect?: (sql: string) => string;
  /** After every write, what it takes to make it durable. */
  readonly persist?: () => unknown;
}

/** A session that runs core's statements, one transaction a save. */
export function sqlSession(connection: SqlConnection, options: SqlSessionOptions = {}): Session {
  const { oneAtATime = false, dialect = (sql): string => sql, persist } = options;
  const exportImage = connection.exportImage?.bind(connection);
  const backup = connection.backup?.bind(connection);
  const insertReceipt = dialect(INSERT_RECEIPT_SQL);
  const insertAudit = dialect(INSERT_AUDIT_SQL);
  const get = dialect(GET_RECEIPT_SQL);
  const latest = dialect(LATEST_RECEIPTS_SQL);
  const analytics = {
    agents: dialect(ANALYTICS_SQL.agents),
    agentMetrics: dialect(ANALYTICS_SQL.agentMetrics),
    statuses: dialect(ANALYTICS_SQL.statuses),
    receiptStatistics: dialect(ANALYTICS_SQL.receiptStatistics),
  };
  const counts = [RECEIPT_COUNTS_SQL, AUDIT_COUNT_SQL, MEMORY_COUNT_SQL, LAST_RECEIPT_SQL].map(dialect);

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (!oneAtATime) return work();
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const insertAll = async (
    to: Pick<SqlConnection, 'run'>,
    receipts: readonly BenchReceipt[],
  ): Promise<void> => {
    for (const receipt of receipts) await to.run(insertReceipt, receiptValues(receipt));
  };
  const together = async (receipts: readonly BenchReceipt[]): Promise<void> => {
    if (connection.inTransaction) {
      await connection.inTransaction((transaction) => insertAll(transaction, receipts));
    } else {
      await connection.run('BEGIN');
      await insertAll(connection, receipts);
      await connection.run('COMMIT');
    }
    await persist?.();
  };
  return {
    save: (receipt) =>
      inTurn(async () => {
        await connection.run(insertReceipt, receiptValues(receipt));
        await persist?.();
      }),
    saveTogether: (receipts) => inTurn(() => together(receipts)),
    logAudit: (entry) =>
      inTurn(async () => {
        await connection.run(insertAudit, auditValues(entry));
        await persist?.();
      }),
    getReceipt: (receiptId) =>
      inTurn(async () => firstValue((await connection.all(get, [receiptId]))[0]) as string | undefined),
    latest: (pattern, limit) => inTurn(async () => (await connection.all(latest, [pattern, limit])).length),
    analytics: (since) =>
      inTurn(async () => {
        let rows = 0;
        for (const agent of await connection.all(analytics.agents, ['%'])) {
          rows += (await connection.all(analytics.agentMetrics, [firstValue(agent) as string, since])).length;
        }
        const statuses = (await connection.all(analytics.statuses)).map((row) => firstValue(row) as string);
        const values = receiptStatisticsValues(statuses, EVERY_AGENT, since);
        rows += (await connection.all(analytics.receiptStatistics, values)).length;
        return rows;
      }),
    stats: () =>
      inTurn(async () => {
        const answers: (readonly unknown[])[] = [];
        for (const sql of counts) answers.push(await connection.all(sql));
        const [receipts = [], audits = []] = answers;
        return { receipts: Number(firstValue(receipts[0])), auditEntries: Number(firstValue(audits[0])) };
      }),
    ...(exportImage && { exportImage: () => inTurn(exportImage) }),
    ...(backup && { backup: (directory: string) => inTurn(() => backup(directory)) }),
    close: () =>
      inTurn(async () => {
        await connection.close();
      }),
  };
}

function firstValue(row: unknown): unknown {
  return row === undefined ? undefined : Object.values(row as object)[0];
}
