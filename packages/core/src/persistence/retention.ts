/** The methods that let records go, and those that hold them. */
import type {
  DeletionReport,
  Hold,
  HoldRequest,
  RecordLookup,
  RedactionReport,
  RemovalRequest,
} from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { addHold, removeHold } from '../maintenance/hold-record.ts';
import { RecordRemoval, type CheckedRemoval } from '../maintenance/remove-record.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { readHolds } from '../schema/holds.ts';
import { checkRecord } from '../tables/record-lookup.ts';
import { abortable } from '../validation/abort.ts';
import { checkRequired, checkText, invalid } from '../validation/arguments.ts';
import { checkLongOperation } from '../validation/long-operation.ts';

/** Longest reason, in UTF-16 code units. It is kept for as long as the change log. */
const MAX_REASON_CHARACTERS = 1000;

/** What is let go of one database. */
export class Retention {
  readonly #connection: SqliteConnection;
  readonly #queue: OperationQueue;
  readonly #changeLog: ChangeLog;
  readonly #clock: () => Date;
  readonly #removal: RecordRemoval;

  constructor(connection: SqliteConnection, queue: OperationQueue, changeLog: ChangeLog, clock: () => Date) {
    this.#connection = connection;
    this.#queue = queue;
    this.#changeLog = changeLog;
    this.#clock = clock;
    this.#removal = new RecordRemoval(connection, queue, changeLog);
  }

  async deleteRecord(given: RemovalRequest): Promise<DeletionReport> {
    const removal = checkRemoval('deleteRecord', given);
    return abortable(removal.operation, removal.signal, () =>
      this.#queue.runInSteps(
        removal.operation,
        (steps) => this.#removal.deleteRecord(steps, removal),
        removal.signal,
      ),
    );
  }

  async redactRecord(given: RemovalRequest): Promise<RedactionReport> {
    const removal = checkRemoval('redactRecord', given);
    return abortable(removal.operation, removal.signal, () =>
      this.#queue.runInSteps(
        removal.operation,
        (steps) => this.#removal.redactRecord(steps, removal),
        removal.signal,
      ),
    );
  }

  async addHold(given: HoldRequest): Promise<Hold> {
    const operation = 'addHold';
    const record = checkRecord(operation, given);
    const reason = checkReason(operation, given.reason);
    return this.#queue.enqueueWrite(operation, [], () =>
      addHold(this.#connection, this.#changeLog, operation, record, reason, this.#clock()),
    );
  }

  async removeHold(given: RecordLookup): Promise<void> {
    const operation = 'removeHold';
    const record = checkRecord(operation, given);
    await this.#queue.enqueueWrite(operation, [], () =>
      removeHold(this.#connection, this.#changeLog, operation, record),
    );
  }

  listHolds(): Promise<Hold[]> {
    return this.#queue.enqueueRead('listHolds', () => readHolds(this.#connection));
  }
}

function checkRemoval(operation: CheckedRemoval['operation'], given: RemovalRequest): CheckedRemoval {
  const { signal, onProgress, vacuum = false, reason } = checkLongOperation(operation, given);
  const record = checkRecord(operation, given);
  if (typeof vacuum !== 'boolean') throw invalid({ operation, name: 'vacuum' }, vacuum, 'true or false');
  return {
    operation,
    record,
    reason: checkReason(operation, reason),
    vacuum,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
}

function checkReason(operation: string, given: unknown): string {
  checkRequired(operation, { reason: given });
  const field = { operation, name: 'reason' };
  const reason = checkText(field, given);
  if (reason.trim() === '' || reason.length > MAX_REASON_CHARACTERS) {
    throw invalid(field, reason, `a text of at most ${MAX_REASON_CHARACTERS} characters that is not blank`);
  }
  return reason;
}
