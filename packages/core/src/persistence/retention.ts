/** The methods that let records go, and those that hold them. */
import type {
  DeletionReport,
  Hold,
  HoldRequest,
  RecordLookup,
  RedactionReport,
  RemovalRequest,
  RetentionOptions,
  RetentionPolicy,
  RetentionReport,
} from '../api/persistence.ts';
import { PersistenceError } from '../api/errors.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { addHold, removeHold } from '../maintenance/hold-record.ts';
import { RecordRemoval, type CheckedRemoval } from '../maintenance/remove-record.ts';
import { RetentionRun, type CheckedPolicy } from '../maintenance/run-retention.ts';
import type { OperationQueue, Steps } from '../queue/operation-queue.ts';
import { readHolds } from '../schema/holds.ts';
import { deletePolicy, readPolicies, writePolicy } from '../schema/retention-policies.ts';
import { tableNamed } from '../tables/index.ts';
import { checkRecord } from '../tables/record-lookup.ts';
import { abortable } from '../validation/abort.ts';
import {
  checkChoice,
  checkFields,
  checkRequired,
  checkText,
  checkWholeNumber,
  invalid,
} from '../validation/arguments.ts';
import { checkLongOperation } from '../validation/long-operation.ts';
import { checkDays, checkFilters } from './query-rows.ts';

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
    const run = (steps: Steps): Promise<DeletionReport> => this.#removal.deleteRecord(steps, removal);
    return this.#queue.runInSteps(removal.operation, run, removal.signal);
  }

  async redactRecord(given: RemovalRequest): Promise<RedactionReport> {
    const removal = checkRemoval('redactRecord', given);
    const run = (steps: Steps): Promise<RedactionReport> => this.#removal.redactRecord(steps, removal);
    return this.#queue.runInSteps(removal.operation, run, removal.signal);
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

  async setPolicy(given: RetentionPolicy): Promise<RetentionPolicy> {
    const operation = 'setRetentionPolicy';
    const policy = checkPolicy(operation, given);
    checkedPolicy(operation, policy, this.#clock());
    await this.#queue.enqueueWrite(operation, [], () => writePolicy(this.#connection, policy, this.#clock()));
    return policy;
  }

  async removePolicy(name: string): Promise<void> {
    const operation = 'removeRetentionPolicy';
    checkRequired(operation, { name });
    const checked = checkText({ operation, name: 'name' }, name);
    await this.#queue.enqueueWrite(operation, [], () => {
      if (deletePolicy(this.#connection, checked)) return;
      throw new PersistenceError('NOT_FOUND', `There is no retention policy ${JSON.stringify(checked)}`, {
        operation,
      });
    });
  }

  listPolicies(): Promise<RetentionPolicy[]> {
    const operation = 'listRetentionPolicies';
    return this.#queue.enqueueRead(operation, () => readPolicies(this.#connection, operation));
  }

  async run(given: RetentionOptions): Promise<RetentionReport> {
    const operation = 'runRetention';
    const options = checkLongOperation(operation, given);
    for (const name of ['dryRun', 'vacuum'] as const) {
      const value: unknown = options[name];
      if (value !== undefined && typeof value !== 'boolean')
        throw invalid({ operation, name }, value, 'true or false');
    }
    const now = this.#clock();
    const run = async (steps: Steps): Promise<RetentionReport> => {
      const stored = await abortable(operation, options.signal, () =>
        steps.read(() => readPolicies(this.#connection, operation)),
      );
      const policies = stored.map((policy) => checkedPolicy(operation, checkPolicy(operation, policy), now));
      return new RetentionRun(this.#connection, this.#queue, this.#changeLog, steps, options).run(policies);
    };
    return this.#queue.runInSteps(operation, run, options.signal);
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

const POLICY_NAME = /^[\w.-]{1,64}$/;

/** Checks a policy, and leaves out what is not of one. @throws {PersistenceError} INVALID_ARGUMENT */
function checkPolicy(operation: string, given: RetentionPolicy): RetentionPolicy {
  const { name, table, agent, status, ...limits } = checkFields({ operation, name: 'policy' }, given);
  checkRequired(operation, { name, table });
  const nameField = { operation, name: 'name' };
  if (!POLICY_NAME.test(checkText(nameField, name))) {
    throw invalid(nameField, name, 'at most 64 letters, digits, points, hyphens and underscores');
  }
  const checked = LIMITS.flatMap((limit) => {
    const value: unknown = limits[limit];
    return value === undefined ? [] : [[limit, checkWholeNumber({ operation, name: limit }, value)] as const];
  });
  if (checked.length === 0) {
    throw new PersistenceError('INVALID_ARGUMENT', `Give one of ${LIMITS.join(', ')}`, { operation });
  }
  return {
    name,
    table: checkChoice({ operation, name: 'table' }, table, ['receipts', 'audit_log']),
    ...(agent !== undefined && { agent }),
    ...(status !== undefined && { status }),
    ...Object.fromEntries(checked),
  };
}

const LIMITS = ['maxAgeDays', 'maxCount', 'maxBytes'] as const;

/** Makes the filter of a policy. @throws {PersistenceError} INVALID_ARGUMENT */
function checkedPolicy(operation: string, policy: RetentionPolicy, now: Date): CheckedPolicy {
  const { name, agent, status, maxAgeDays, maxCount, maxBytes } = policy;
  const table = tableNamed(policy.table);
  const filters = { ...(agent !== undefined && { agent }), ...(status !== undefined && { status }) };
  return {
    name,
    table,
    filter: checkFilters(operation, table, filters, now),
    before: maxAgeDays === undefined ? undefined : checkDays(operation, maxAgeDays, now),
    ...(maxCount !== undefined && { maxCount }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}
