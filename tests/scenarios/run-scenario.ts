/**
 * Plays a story on a real database and in the model, and compares after every step.
 *
 * 1. Calls made at once have to be explained by some order of them, one after the other (linearizability); writes of
 *    one handle in the order they were asked for.
 * 2. An acknowledged call happened. One that was refused for a reason of its own did not. One whose owner died may have
 *    happened, wholly or not at all.
 * 3. After every step everything is read back, and has to be what the order makes of it, byte for byte.
 */
import { PersistenceError, type PersistenceErrorCode } from '../../packages/core/src/api/errors.ts';
import type { Change, TableName } from '../../packages/core/src/api/persistence.ts';
import { TABLE_NAMES } from '../../packages/core/src/tables/index.ts';
import { MemoryBackupDirectory } from '../../packages/core/src/testing/memory-backup-directory.ts';
import { type Bindings, resolveIds, unify } from './expectation.ts';
import { type Answer, type CallContext, takeStep } from './model-answer.ts';
import type { ModelHandle, ScenarioHarness } from './scenario-harness.ts';
import { contentOf, EMPTY_STATE, type ModelState } from './model-state.ts';
import { type ModelOperation, SLOTS } from './operation.ts';
import { type Artifacts, callReal, readContent } from './real-call.ts';
import type { CallsAtOnce, ScenarioStep } from './scenario.ts';

/** What a caller hears whose database died: nothing about whether the call happened. */
const DEATH_CODES: ReadonlySet<PersistenceErrorCode> = new Set(['IO_ERROR', 'WORKER_GONE', 'CLOSED']);

/** What one call was, and how it ended. */
interface Call {
  readonly handle: 0 | 1;
  readonly operation: ModelOperation;
  readonly context: CallContext;
  readonly answer: Answer;
  /** Undefined where the owner died first. */
  readonly isKnown: boolean;
  readonly artifacts: Artifacts;
}

/** What was played, beyond that it went well. */
export interface ScenarioReport {
  readonly calls: number;
  readonly deaths: number;
  /** Deaths that left a call without an answer. */
  readonly unanswered: number;
}

/** What a backup or an image holds. */
interface Kept {
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

/** Every order of some things. */
function* orders<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length === 0) yield [];
  for (const [index, first] of items.entries()) {
    for (const rest of orders(items.toSpliced(index, 1))) yield [first, ...rest];
  }
}

/** Every choice of some of the things. */
function* subsets<Item>(items: readonly Item[]): Generator<ReadonlySet<Item>> {
  for (let bits = 0; bits < 2 ** items.length; bits++) {
    yield new Set(items.filter((_, index) => (bits >> index) & 1));
  }
}

/** Whether the writes of each handle come in the order they were asked for. */
function keepsOrder(calls: readonly Call[], asked: readonly Call[]): boolean {
  const positions = calls
    .filter(({ operation }) => operation.kind === 'write')
    .map((call) => [call.handle, asked.indexOf(call)] as const);
  return positions.every(([handle, position], index) =>
    positions.slice(index + 1).every(([other, later]) => handle !== other || position < later),
  );
}

class Story {
  readonly #place: ScenarioHarness;
  readonly #handles: (OpenHandle | undefined)[] = [undefined, undefined];
  /** More than one where what was read does not tell them apart (rows of different times in either order). */
  #states: readonly ModelState[] = [EMPTY_STATE];
  readonly #kept: Kept[] = [];
  #now: Date;
  #callsMade = 0;
  #deaths = 0;
  #unanswered = 0;

  constructor(place: ScenarioHarness) {
    this.#place = place;
    this.#now = place.startsAt;
  }

  async play(steps: readonly ScenarioStep[]): Promise<ScenarioReport> {
    const { db } = await this.#handle(0);
    const image = await db.exportImage();
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#kept.push({ content: EMPTY_STATE, directory: new MemoryBackupDirectory(), image });
    }
    for (const [index, step] of steps.entries()) {
      try {
        await this.#take(step, index);
      } catch (error) {
        throw new Error(`step ${index} (${shown(step)}): ${(error as Error).message}`, { cause: error });
      }
    }
    for (const handle of [0, 1] as const) await this.#close(handle);
    return { calls: this.#callsMade, deaths: this.#deaths, unanswered: this.#unanswered };
  }

  /** Whatever happened: nobody holds anything any more. */
  async end(): Promise<void> {
    for (const handle of this.#handles) {
      if (!handle) continue;
      await handle.bury();
      await handle.db.close().catch(() => undefined);
    }
  }

  async #take(step: ScenarioStep, index: number): Promise<void> {
    if (step.step === 'calls') return this.#makeCalls(step, index);
    if (step.step === 'reopen') {
      await this.#close(this.#at(step.handle));
      return this.#compare([], `reopened`);
    }
    if (!this.#place.setClock) return undefined;
    this.#now = new Date(this.#now.getTime() + step.seconds * 1000);
    this.#place.setClock(this.#now);
  }

  #at(handle: 0 | 1): 0 | 1 {
    return this.#place.shared ? handle : 0;
  }

  async #handle(index: 0 | 1): Promise<OpenHandle> {
    const open = this.#handles[index];
    if (open) return open;
    const handle = await this.#place.open();
    const changes: Change[] = [];
    handle.db.subscribe((change) => void changes.push(change));
    return (this.#handles[index] = { ...handle, changes });
  }

  async #close(index: 0 | 1): Promise<void> {
    const handle = this.#handles[index];
    if (!handle) return;
    this.#handles[index] = undefined;
    await handle.db.close();
    if (!this.#place.persistent) this.#states = [EMPTY_STATE];
  }

  async #makeCalls({ calls, death }: CallsAtOnce, step: number): Promise<void> {
    const opened = new Map<0 | 1, OpenHandle>();
    for (const { handle } of calls) opened.set(this.#at(handle), await this.#handle(this.#at(handle)));
    for (const { changes } of opened.values()) changes.length = 0;
    const dying = death && opened.get(this.#at(death.handle));
    const made = calls.map((call, index) => this.#call(call, `${step}.${index}`, calls.length === 1, opened));
    if (death) dying?.crashAt(death.atCall);
    let ended = await Promise.all(made);
    this.#callsMade += ended.length;
    if (dying && death) {
      this.#deaths++;
      this.#handles[this.#at(death.handle)] = undefined;
      await dying.bury();
      ended = ended.map((call) => ({
        ...call,
        isKnown: !(
          call.handle === this.#at(death.handle) &&
          'code' in call.answer &&
          DEATH_CODES.has(call.answer.code)
        ),
      }));
      if (ended.some(({ isKnown }) => !isKnown)) this.#unanswered++;
      if (!this.#place.persistent) this.#states = [EMPTY_STATE];
    } else {
      await this.#compareChanges(ended, opened);
    }
    if (dying && !this.#place.persistent) return this.#compare([], 'a new one');
    return this.#compare(ended, dying ? 'after a death' : 'after the calls');
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
    const kept = this.#kept['slot' in operation ? operation.slot : 0] as Kept;
    const isFilled = operation.kind !== 'restoreBackup' || kept.directory.files.size > 0;
    const context: CallContext = {
      now: this.#now,
      name,
      alone,
      receiptId: receipts[which % (receipts.length + 1)]?.receiptId ?? 'no such receipt',
      stored: isFilled ? kept.content : undefined,
    };
    const artifacts: Artifacts = {};
    const real = { ...context, directory: kept.directory, image: kept.image };
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

  /** What a call changed its handle's listeners hear of; where nothing was written nobody hears anything. */
  async #compareChanges(calls: readonly Call[], opened: ReadonlyMap<0 | 1, OpenHandle>): Promise<void> {
    for (const [index, { db, changes }] of opened) {
      // What is on its way to listeners arrives before the answers to later questions.
      await db.stats();
      await db.stats();
      const told = new Set(changes.flatMap(({ tables }) => tables));
      const written = new Set(
        calls.filter(({ handle }) => handle === index).flatMap((call) => tablesWritten(call)),
      );
      const missed = [...written].filter((table) => !told.has(table));
      if (missed.length > 0)
        throw new Error(`listeners did not hear of ${missed.join(', ')}: ${shown(changes)}`);
      if (this.#place.shared) continue;
      if (written.size === 0 && told.size > 0)
        throw new Error(`listeners heard of nothing: ${shown(changes)}`);
      if (
        changes.some(
          ({ version }, position) => position > 0 && version <= (changes[position - 1]?.version ?? 0),
        )
      )
        throw new Error(`versions do not grow: ${shown(changes)}`);
    }
  }

  /** Reads everything and finds the orders that explain it. */
  async #compare(calls: readonly Call[], moment: string): Promise<void> {
    const reader = this.#handles[0] ? 0 : this.#handles[1] ? 1 : 0;
    const { db } = await this.#handle(reader);
    const content = await readContent(db);
    const report = await db.verify();
    if (!report.ok) throw new Error(`${moment} verify finds ${shown(report.problems)}`);
    const explained = new Map<string, ModelState>();
    let nearest = `no order at all`;
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
        `${moment} no order of the calls explains the answers ${shown(answers)} and what is stored; ${nearest}`,
      );
    }
    this.#states = [...explained.values()];
    for (const call of calls) this.#keep(call);
  }

  #keep({ operation, answer, artifacts }: Call): void {
    if (!('slot' in operation) || !('value' in answer)) return;
    const kept = this.#kept[operation.slot] as Kept;
    if (operation.kind === 'exportBackup' && artifacts.directory) {
      // A slot keeps the backup and the image of one state.
      const image = artifacts.directory.files.get('ggen.db') as Uint8Array;
      this.#kept[operation.slot] = {
        content: answer.value as ModelState,
        directory: artifacts.directory,
        image,
      };
    }
    if (operation.kind === 'exportImage' && artifacts.image) {
      this.#kept[operation.slot] = {
        ...kept,
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
    case 'cleanup':
      return operation.dryRun ? [] : TABLE_NAMES;
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
  /** Where this order gives another answer than the one that came. */
  readonly mismatch: string | undefined;
}

/** Every way the calls can have happened. */
function* explanations(before: ModelState, calls: readonly Call[]): Generator<Explanation> {
  const known = calls.filter(({ isKnown }) => isKnown);
  for (const happened of subsets(calls.filter(({ isKnown }) => !isKnown))) {
    for (const order of orders([...known, ...happened])) {
      if (keepsOrder(order, calls)) yield explain(before, order);
    }
  }
}

function explain(before: ModelState, order: readonly Call[]): Explanation {
  const bindings: Bindings = new Map();
  let after = before;
  for (const { operation, context, answer, isKnown } of order) {
    const step = takeStep(after, operation, context);
    after = step.state;
    if (isKnown && !unify(step.answer, answer, bindings)) {
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
 * Plays a story.
 * @throws Error that says at which step the database and the model went apart, and how
 */
export async function runScenario(
  place: ScenarioHarness,
  steps: readonly ScenarioStep[],
): Promise<ScenarioReport> {
  const story = new Story(place);
  try {
    const report = await story.play(steps);
    await place.remove();
    return report;
  } catch (error) {
    await story.end();
    await place.remove().catch(() => undefined);
    throw error;
  }
}
