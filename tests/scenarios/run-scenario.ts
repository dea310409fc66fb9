/**
 * Runs a scenario on a real database and in the model, and compares them after every step.
 *
 * 1. Some sequential order must explain the answers of concurrent calls (linearizability). In it, the writes of one
 *    handle keep the order of their calls.
 * 2. An acknowledged call took effect. A call refused with another code than {@link CRASH_CODES} did not. A call whose
 *    owner crashed took effect completely or not at all.
 * 3. After every step everything is read. It must equal the content that the order gives in the model, byte for byte.
 */
import { PersistenceError, type PersistenceErrorCode } from '../../packages/core/src/api/errors.ts';
import type { Change, CleanupReport, TableName } from '../../packages/core/src/api/persistence.ts';
import { TABLE_NAMES } from '../../packages/core/src/tables/table-names.ts';
import { MemoryBackupDirectory } from '../../packages/core/src/testing/memory-backup-directory.ts';
import { type Bindings, resolveIds, unify } from './expectation.ts';
import { type Answer, type CallContext, type ModelStep, takeStep, transactionCount } from './model-answer.ts';
import type { ModelHandle, ScenarioHarness } from './scenario-harness.ts';
import { contentOf, EMPTY_STATE, type ModelState } from './model-state.ts';
import { type ModelOperation, SLOTS } from './operation.ts';
import { type Artifacts, callReal, readContent } from './real-call.ts';
import type { CallsAtOnce, ScenarioStep } from './scenario.ts';

/** Codes of calls whose owner crashed. They do not tell whether the call took effect. */
const CRASH_CODES: ReadonlySet<PersistenceErrorCode> = new Set(['IO_ERROR', 'WORKER_GONE', 'CLOSED']);

/** A call and its result. */
interface Call {
  readonly handle: 0 | 1;
  readonly operation: ModelOperation;
  readonly context: CallContext;
  readonly answer: Answer;
  /** False when the owner crashed before it answered, so that the call may or may not have taken effect. */
  readonly isKnown: boolean;
  readonly artifacts: Artifacts;
}

/** Numbers of a scenario that ran without a failure. */
export interface ScenarioReport {
  readonly calls: number;
  readonly crashes: number;
  /** Crashes that left a call without an answer. */
  readonly unanswered: number;
  /** Cleanups that deleted rows. */
  readonly deletions: number;
}

/** A backup or image, and its content. */
interface Saved {
  readonly content: ModelState;
  readonly directory: MemoryBackupDirectory;
  readonly image: Uint8Array;
}

interface OpenHandle extends ModelHandle {
  readonly changes: Change[];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 1500 ? `${text.slice(0, 1500)}…` : text;
}

/** Yields every order of the calls' transactions in which each call's own keep their order. Each is named by its call. */
function* orders(remaining: ReadonlyMap<Call, number>): Generator<readonly Call[]> {
  if (remaining.size === 0) yield [];
  for (const [call, count] of remaining) {
    const others = new Map(remaining);
    if (count === 1) others.delete(call);
    else others.set(call, count - 1);
    for (const rest of orders(others)) yield [call, ...rest];
  }
}

/** Yields every number of transactions that each call may have committed: all of them, or fewer when its owner crashed. */
function* committed(calls: readonly Call[]): Generator<ReadonlyMap<Call, number>> {
  const [call, ...others] = calls;
  if (!call) {
    yield new Map();
    return;
  }
  const all = transactionCount(call.operation);
  for (let count = call.isKnown ? all : 0; count <= all; count++) {
    for (const rest of committed(others)) yield count === 0 ? rest : new Map([[call, count], ...rest]);
  }
}

/** True when the writes of each handle are in the order of their calls. */
function keepsOrder(calls: readonly Call[], made: readonly Call[]): boolean {
  const positions = calls
    .filter(({ operation }) => operation.kind === 'write')
    .map((call) => [call.handle, made.indexOf(call)] as const);
  return positions.every(([handle, position], index) =>
    positions.slice(index + 1).every(([other, later]) => handle !== other || position < later),
  );
}

class ScenarioRun {
  readonly #harness: ScenarioHarness;
  readonly #handles: (OpenHandle | undefined)[] = [undefined, undefined];
  /** Possible states. There are several if reads cannot distinguish them, such as rows of different times in either order. */
  #states: readonly ModelState[] = [EMPTY_STATE];
  readonly #saved: Saved[] = [];
  #now: Date;
  #callsMade = 0;
  #crashes = 0;
  #unanswered = 0;
  #deletions = 0;

  constructor(harness: ScenarioHarness) {
    this.#harness = harness;
    this.#now = harness.startsAt;
  }

  async run(steps: readonly ScenarioStep[]): Promise<ScenarioReport> {
    const { db } = await this.#handle(0);
    const image = await db.exportImage();
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#saved.push({ content: EMPTY_STATE, directory: new MemoryBackupDirectory(), image });
    }
    for (const [index, step] of steps.entries()) {
      try {
        await this.#take(step, index);
      } catch (error) {
        throw new Error(`step ${index} (${shown(step)}): ${(error as Error).message}`, { cause: error });
      }
    }
    for (const handle of [0, 1] as const) await this.#close(handle);
    return {
      calls: this.#callsMade,
      crashes: this.#crashes,
      unanswered: this.#unanswered,
      deletions: this.#deletions,
    };
  }

  /** Releases every handle, also after a failure. */
  async end(): Promise<void> {
    for (const handle of this.#handles) {
      if (!handle) continue;
      await handle.release();
      await handle.db.close().catch(() => undefined);
    }
  }

  async #take(step: ScenarioStep, index: number): Promise<void> {
    if (step.step === 'calls') return this.#makeCalls(step, index);
    if (step.step === 'reopen') {
      await this.#close(this.#at(step.handle));
      return this.#compare([], 'after reopening');
    }
    if (!this.#harness.setClock) return undefined;
    this.#now = new Date(this.#now.getTime() + step.seconds * 1000);
    this.#harness.setClock(this.#now);
  }

  #at(handle: 0 | 1): 0 | 1 {
    return this.#harness.shared ? handle : 0;
  }

  async #handle(index: 0 | 1): Promise<OpenHandle> {
    const open = this.#handles[index];
    if (open) return open;
    const handle = await this.#harness.open();
    const changes: Change[] = [];
    handle.db.subscribe((change) => void changes.push(change));
    return (this.#handles[index] = { ...handle, changes });
  }

  async #close(index: 0 | 1): Promise<void> {
    const handle = this.#handles[index];
    if (!handle) return;
    this.#handles[index] = undefined;
    await handle.db.close();
    if (!this.#harness.persistent) this.#states = [EMPTY_STATE];
  }

  async #makeCalls({ calls, crash }: CallsAtOnce, step: number): Promise<void> {
    const opened = new Map<0 | 1, OpenHandle>();
    for (const { handle } of calls) opened.set(this.#at(handle), await this.#handle(this.#at(handle)));
    for (const { changes } of opened.values()) changes.length = 0;
    const crashing = crash && opened.get(this.#at(crash.handle));
    const made = calls.map((call, index) => this.#call(call, `${step}.${index}`, calls.length === 1, opened));
    if (crash) crashing?.crashAt(crash.atCall);
    let ended = await Promise.all(made);
    this.#callsMade += ended.length;
    this.#deletions += ended.filter(
      (call) => call.operation.kind === 'cleanup' && tablesWritten(call).length > 0,
    ).length;
    if (crashing && crash) {
      this.#crashes++;
      this.#handles[this.#at(crash.handle)] = undefined;
      await crashing.release();
      ended = ended.map((call) => ({
        ...call,
        isKnown: !(
          call.handle === this.#at(crash.handle) &&
          'code' in call.answer &&
          CRASH_CODES.has(call.answer.code)
        ),
      }));
      if (ended.some(({ isKnown }) => !isKnown)) this.#unanswered++;
      if (!this.#harness.persistent) this.#states = [EMPTY_STATE];
    } else {
      await this.#compareChanges(ended, opened);
    }
    if (crashing && !this.#harness.persistent) return this.#compare([], 'after a crash without persistence');
    return this.#compare(ended, crashing ? 'after a crash' : 'after the calls');
  }

  async #call(
    { handle: wanted, operation }: CallsAtOnce['calls'][number],
    name: string,
    alone: boolean,
    opened: ReadonlyMap<0 | 1, OpenHandle>,
  ): Promise<Call> {
    const handle = this.#at(wanted);
    const { db } = opened.get(handle) as OpenHandle;
    const receipts = this.#states[0]?.receipts ?? [];
    const which = operation.kind === 'getReceipt' ? operation.which : 0;
    const saved = this.#saved['slot' in operation ? operation.slot : 0] as Saved;
    const isFilled = operation.kind !== 'restoreBackup' || saved.directory.files.size > 0;
    const context: CallContext = {
      now: this.#now,
      name,
      alone,
      receiptId: receipts[which % (receipts.length + 1)]?.receiptId ?? 'no such receipt',
      stored: isFilled ? saved.content : undefined,
    };
    const artifacts: Artifacts = {};
    const real = { ...context, directory: saved.directory, image: saved.image };
    let answer: Answer;
    try {
      answer = { value: await callReal(db, operation, real, artifacts) };
    } catch (error) {
      if (!(error instanceof PersistenceError)) throw error;
      answer = { code: error.code };
      if (error.code === 'INTERNAL') throw error;
    }
    return { handle, operation, context, answer, isKnown: true, artifacts };
  }

  /** Checks that a handle's subscribers are told of every table that its calls changed, and of nothing else. */
  async #compareChanges(calls: readonly Call[], opened: ReadonlyMap<0 | 1, OpenHandle>): Promise<void> {
    for (const [index, { db, changes }] of opened) {
      // Pending notifications arrive before the answers of later calls.
      await db.stats();
      await db.stats();
      const notified = new Set(changes.flatMap(({ tables }) => tables));
      const written = new Set(
        calls.filter(({ handle }) => handle === index).flatMap((call) => tablesWritten(call)),
      );
      const missed = [...written].filter((table) => !notified.has(table));
      if (missed.length > 0)
        throw new Error(`subscribers were not told of ${missed.join(', ')}: ${shown(changes)}`);
      if (this.#harness.shared) continue;
      // The answer of an aborted cleanup is an error, which does not say in figures what was deleted.
      const isAborted = calls.some(({ operation }) => operation.kind === 'cleanup' && operation.aborted);
      if (written.size === 0 && notified.size > 0 && !isAborted)
        throw new Error(`subscribers were told of changes, but nothing was written: ${shown(changes)}`);
      if (
        changes.some(
          ({ version }, position) => position > 0 && version <= (changes[position - 1]?.version ?? 0),
        )
      )
        throw new Error(`versions do not increase: ${shown(changes)}`);
    }
  }

  /** Reads everything, and finds the orders of the calls that explain it. */
  async #compare(calls: readonly Call[], moment: string): Promise<void> {
    const reader = this.#handles[0] ? 0 : this.#handles[1] ? 1 : 0;
    const { db } = await this.#handle(reader);
    const content = await readContent(db);
    const report = await db.verify();
    if (!report.ok) throw new Error(`${moment}, verify finds ${shown(report.problems)}`);
    const explained = new Map<string, ModelState>();
    let nearest = `no order was possible`;
    for (const state of this.#states) {
      for (const { after, bindings, mismatch } of explanations(state, calls)) {
        if (mismatch !== undefined) nearest = mismatch;
        else if (unify(contentOf(after), content, bindings)) {
          const resolved = resolveIds(after, bindings);
          explained.set(JSON.stringify(resolved), resolved);
        } else nearest = `expected ${differences(contentOf(after), content)}`;
      }
    }
    if (explained.size === 0) {
      const answers = calls.map(({ answer, isKnown }) => ({ answer, isKnown }));
      throw new Error(
        `${moment}, no order of the calls explains the answers ${shown(answers)} and the stored rows; ${nearest}`,
      );
    }
    this.#states = [...explained.values()];
    for (const call of calls) this.#save(call);
  }

  #save({ operation, answer, artifacts }: Call): void {
    if (!('slot' in operation) || !('value' in answer)) return;
    const saved = this.#saved[operation.slot] as Saved;
    if (operation.kind === 'exportBackup' && artifacts.directory) {
      // A slot contains the backup and the image of one state.
      const image = artifacts.directory.files.get('ggen.db') as Uint8Array;
      this.#saved[operation.slot] = {
        content: answer.value as ModelState,
        directory: artifacts.directory,
        image,
      };
    }
    if (operation.kind === 'exportImage' && artifacts.image) {
      this.#saved[operation.slot] = {
        ...saved,
        content: answer.value as ModelState,
        directory: new MemoryBackupDirectory(),
        image: artifacts.image,
      };
    }
  }
}

function tablesWritten({ operation, answer }: Call): readonly TableName[] {
  if (!('value' in answer)) return [];
  switch (operation.kind) {
    case 'write':
      return [
        ...(operation.receipts.length > 0 ? (['receipts'] as const) : []),
        ...(operation.memories.length > 0 ? (['agent_memory'] as const) : []),
        ...(operation.audits.length > 0 ? (['audit_log'] as const) : []),
      ];
    case 'cleanup': {
      const { dryRun, receiptsDeleted, auditEntriesDeleted } = answer.value as CleanupReport;
      if (dryRun) return [];
      return [
        ...(receiptsDeleted > 0 ? (['receipts'] as const) : []),
        ...(auditEntriesDeleted > 0 ? (['audit_log'] as const) : []),
      ];
    }
    case 'reset':
    case 'importImage':
    case 'restoreBackup':
      return TABLE_NAMES;
    default:
      return [];
  }
}

interface Explanation {
  readonly after: ModelState;
  readonly bindings: Bindings;
  /** The first answer that differs from this order's. */
  readonly mismatch: string | undefined;
}

/** Yields every order in which the calls may have taken effect. */
function* explanations(before: ModelState, calls: readonly Call[]): Generator<Explanation> {
  for (const effective of committed(calls)) {
    for (const order of orders(effective)) {
      if (keepsOrder(order, calls)) yield explain(before, order);
    }
  }
}

function explain(before: ModelState, order: readonly Call[]): Explanation {
  const bindings: Bindings = new Map();
  const steps = new Map<Call, ModelStep>();
  let after = before;
  for (const [position, call] of order.entries()) {
    const { operation, context, answer, isKnown } = call;
    const step = takeStep(after, operation, context, steps.get(call));
    steps.set(call, step);
    after = step.state;
    const isLast = order.lastIndexOf(call) === position;
    if (isKnown && isLast && !unify(step.answer, answer, bindings)) {
      const mismatch = `${operation.kind} answered ${shown(answer)}, expected ${shown(step.answer)}`;
      return { after, bindings, mismatch };
    }
  }
  return { after, bindings, mismatch: undefined };
}

function differences(expected: ModelState, actual: ModelState): string {
  const tables = (['receipts', 'memories', 'audits'] as const).filter(
    (table) => !unify(expected[table], actual[table], new Map()),
  );
  return tables
    .map((table) => `${table} ${shown(expected[table])}, found ${shown(actual[table])}`)
    .join('; ');
}

/**
 * Runs a scenario.
 * @throws Error with the first step after which the database and the model differ, and the difference
 */
export async function runScenario(
  harness: ScenarioHarness,
  steps: readonly ScenarioStep[],
): Promise<ScenarioReport> {
  const run = new ScenarioRun(harness);
  try {
    const report = await run.run(steps);
    await harness.remove();
    return report;
  } catch (error) {
    await run.end();
    await harness.remove().catch(() => undefined);
    throw error;
  }
}
