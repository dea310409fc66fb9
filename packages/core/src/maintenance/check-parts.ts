/** The parts of the check of a whole database. None depends on another, so each may run in a thread of its own. */
import { toPersistenceError } from '../engine/error-mapping.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { HistoryReport, VerifyOptions, VerifyProblem, VerifyReport } from '../api/persistence.ts';
import type { HistoryCheck } from '../change-log/check-history.ts';
import { damageOf } from '../schema/change-log-table.ts';
import { DatabaseCheck, LISTED_PROBLEMS, readAtOnce, type Read } from './database-check.ts';

const OPERATION = 'verify';

/**
 * The parts, in the order of the report. `structure`: SQLite's integrity check, the schema and the indexes. `rows`: each row
 * against the rules that it was written by. `history`: each row against the change log, and the log against checkpoints.
 */
export const CHECK_PARTS = ['structure', 'rows', 'history'] as const;

/** One of {@link CHECK_PARTS}. */
export type CheckPart = (typeof CHECK_PARTS)[number];

/** Options of a check. */
export type CheckPartOptions = Pick<VerifyOptions, 'checkpoints' | 'onProgress' | 'signal'>;

/** Numbers of receipts in a report. */
type ReceiptCounts = Pick<VerifyReport, 'receiptsVerified' | 'receiptsImported' | 'receiptsRedacted'>;

/** What a check has found; data that crosses between threads. */
export interface CheckFindings {
  readonly receipts: ReceiptCounts;
  readonly history: HistoryReport | null;
  readonly problemCount: number;
  /** The first problems of each check. */
  readonly problems: readonly VerifyProblem[];
}

/** What parts have found that ran on their own, in the order of the report. */
export type FindingsOfParts = readonly (readonly [part: CheckPart, findings: CheckFindings])[];

/** How a part reads the database. */
export interface CheckReads {
  readonly read: Read;
  /** Runs work during which the database keeps one state. */
  readonly inOneState: (work: () => Promise<void>) => Promise<void>;
}

/** Gathers what parts of a check find. */
export class FindingList {
  receipts: ReceiptCounts = { receiptsVerified: 0, receiptsImported: 0, receiptsRedacted: 0 };
  history: HistoryReport | null = null;
  problemCount = 0;
  readonly #byCheck: Map<VerifyProblem['check'], VerifyProblem[]> = new Map();

  /** The first problems of each check. */
  get problems(): readonly VerifyProblem[] {
    return [...this.#byCheck.values()].flat();
  }

  /** Copies the findings, without methods. */
  get findings(): CheckFindings {
    const { receiptsVerified, receiptsImported, receiptsRedacted } = this.receipts;
    return {
      receipts: { receiptsVerified, receiptsImported, receiptsRedacted },
      history: this.history,
      problemCount: this.problemCount,
      problems: this.problems,
    };
  }

  add(problem: VerifyProblem): void {
    this.problemCount++;
    const { length } = this.#byCheck.get(problem.check) ?? [];
    if (length < LISTED_PROBLEMS) this.#list(problem);
  }

  /**
   * Adds an error of reading. A page too damaged to read is what a check is for: it is a problem.
   * @throws {PersistenceError} for every other error
   */
  addFailure(error: unknown): void {
    const failure = toPersistenceError(error, OPERATION);
    if (failure.code !== 'CORRUPT') throw failure;
    this.add({ check: 'integrity', row: null, message: failure.message });
  }

  /** Adds what a part found that ran in another thread. */
  addPart(part: CheckPart, { receipts, history, problemCount, problems }: CheckFindings): void {
    if (part === 'rows') this.receipts = receipts;
    if (part === 'history') this.history = history;
    // The same damaged page may fail every part.
    const repeated = problems.filter((problem) => this.#hasFailure(problem));
    this.problemCount += problemCount - repeated.length;
    for (const problem of problems) if (!repeated.includes(problem)) this.#list(problem);
  }

  /** Runs a part, and adds what it finds. */
  async run(
    part: CheckPart,
    connection: SqliteConnection,
    { read, inOneState }: CheckReads,
    options: CheckPartOptions,
  ): Promise<void> {
    const check = new DatabaseCheck(connection, read, { ...options, operation: OPERATION });
    if (part === 'structure') {
      for await (const problem of check.integrity()) this.add(problem);
      for await (const problem of check.schema()) this.add(problem);
    } else if (part === 'rows') {
      this.receipts = check;
      for await (const problem of check.rows()) this.add(problem);
    } else {
      await inOneState(() => this.#compareHistory(connection, check, options));
    }
  }

  async #compareHistory(
    connection: SqliteConnection,
    check: DatabaseCheck,
    { checkpoints = [] }: CheckPartOptions,
  ): Promise<void> {
    if (checkpoints.length > 0) {
      for await (const problem of check.checkpoints(checkpoints)) this.add(problem);
    }
    const damage = damageOf(connection);
    if (damage !== undefined) this.add({ check: 'history', row: null, message: damage });
    const compared = await check.history();
    if (compared === undefined) return;
    this.history = compared.report;
    this.#addHistory(compared);
  }

  #addHistory({ problemCount, problems }: HistoryCheck): void {
    this.problemCount += problemCount;
    for (const problem of problems) this.#list({ check: 'history', ...problem });
  }

  #hasFailure({ check, row, message }: VerifyProblem): boolean {
    if (check !== 'integrity' || row !== null) return false;
    return this.#byCheck.get(check)?.some((listed) => listed.message === message) === true;
  }

  #list(problem: VerifyProblem): void {
    const listed = this.#byCheck.get(problem.check);
    if (listed) listed.push(problem);
    else this.#byCheck.set(problem.check, [problem]);
  }
}

/** How a part reads a copy that nobody writes. */
export function readsOfCopy(copy: SqliteConnection): CheckReads {
  return { read: readAtOnce, inOneState: (work) => copy.transaction('read', work) };
}

/** Runs one part on a copy. */
export async function checkPart(
  part: CheckPart,
  copy: SqliteConnection,
  options: CheckPartOptions,
): Promise<CheckFindings> {
  const list = new FindingList();
  try {
    await list.run(part, copy, readsOfCopy(copy), options);
  } catch (error) {
    list.addFailure(error);
  }
  return list.findings;
}
