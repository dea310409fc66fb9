import type { DurableDatabase } from '../../../packages/sqljs-vfs/src/durable-database.ts';
import { openDatabase } from '../../../packages/sqljs-vfs/src/open-database.ts';
import type { CrashFailure, CrashReport } from '../crash-report.ts';
import {
  type Expectation,
  type PlannedTransaction,
  type WorkloadShape,
  faultOf,
  lastTransaction,
  planTransactions,
  runTransaction,
} from '../crash-workload.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import type { CrashMode } from './crash-modes.ts';
import { crashImage } from './crash-images.ts';
import { type DiskBehaviour, DiskHistory, HONEST_DISK } from './disk-history.ts';
import { type DiskDirectory, copyDirectory, emptyRoot } from './disk-tree.ts';
import { SimulatedDisk } from './simulated-disk.node.ts';

/** How many crashes, and which. */
export interface CrashCampaignOptions {
  readonly points: number;
  /** The same seed gives the same crashes, but for the random numbers that SQLite puts into journals. */
  readonly seed: number;
}

const FOLDER = '/home/ggen/data';
const DATABASE_PATH = `${FOLDER}/data.db`;
const DEFAULT_SHAPE: WorkloadShape = {
  transactions: 24,
  rows: 60,
  longestText: 500,
  rewriteEvery: 7,
  vacuumEvery: 11,
};
/** Crashes of one recorded workload; then comes another one. */
const POINTS_A_ROUND = 120;
const CALLS_BEFORE_KILL = { least: 5, most: 700 } as const;
/** How often recovery itself, and what is saved after it, crashes too. */
const NEXT_CRASH_PROBABILITY = 0.3;
/** More than one crash's workload can have. */
const LIVES_A_CRASH = 1000;

/** From an operation on, what may be found after a crash. */
interface Mark extends Expectation {
  readonly at: number;
}

/** What a disk went through, and what was promised meanwhile. */
interface Recording {
  readonly before: DiskDirectory;
  readonly disk: SimulatedDisk;
  readonly marks: Mark[];
}

function blank(): Recording {
  return { before: emptyRoot(), disk: new SimulatedDisk(), marks: [] };
}

function expectationAt({ marks }: Recording, operation: number): Expectation {
  return marks.findLast(({ at }) => at <= operation) as Mark;
}

/**
 * Runs a workload on a simulated disk, through the file storage, then loses power at points of it picked by the seed,
 * opens what is left and looks: nothing damaged, every promised commit there, no transaction in part.
 */
export async function crashFileStorage(
  mode: CrashMode,
  { points, seed }: CrashCampaignOptions,
): Promise<CrashReport> {
  const started = performance.now();
  const series = new CrashSeries(mode, seed);
  for (let round = 0; series.points < points; round++) {
    await series.round(round, Math.min(POINTS_A_ROUND, points - series.points));
  }
  const { failures, needingRecovery } = series;
  return {
    storage: 'file',
    mode: mode.name,
    seed,
    points: series.points,
    needingRecovery,
    failures,
    durationMs: performance.now() - started,
  };
}

class CrashSeries {
  points = 0;
  needingRecovery = 0;
  readonly failures: CrashFailure[] = [];
  readonly #mode: CrashMode;
  readonly #seed: number;
  readonly #behaviour: DiskBehaviour;

  constructor(mode: CrashMode, seed: number) {
    this.#mode = mode;
    this.#seed = seed;
    this.#behaviour = { ...HONEST_DISK, ...mode.disk };
  }

  /** One workload, and so many crashes of it. */
  async round(round: number, points: number): Promise<void> {
    const random = new SeededRandom(this.#seed, round);
    const plan = planTransactions(random, { ...DEFAULT_SHAPE, ...this.#mode.shape });
    const recording = await this.#record(plan, random);
    const { before, disk, marks } = recording;
    const first = (marks[0] as Mark).at;
    const crashes = Array.from(
      { length: points },
      () => first + random.below(disk.operations.length - first + 1),
    );
    const history = new DiskHistory(before, disk.operations, this.#behaviour);
    for (const [index, operation] of crashes.toSorted((some, other) => some - other).entries()) {
      history.replayTo(operation);
      const choices = new SeededRandom(this.#seed, round, index);
      await this.#crash(plan, history, expectationAt(recording, operation), choices, []);
    }
  }

  async #record(plan: readonly PlannedTransaction[], random: SeededRandom): Promise<Recording> {
    const recording = this.#mode.fresh ? blank() : await this.#prepared(plan);
    const { disk } = recording;
    const user = new DatabaseUser(this.#mode, plan, recording, { life: 0, last: this.#mode.fresh ? -1 : 0 });
    user.mark();
    const { sessionTransactions = 8, killed = false } = this.#mode;
    while (user.last < plan.length - 1) {
      const calls = killed ? random.between(CALLS_BEFORE_KILL.least, CALLS_BEFORE_KILL.most) : Infinity;
      await user.session(disk, sessionTransactions, calls);
    }
    if (user.fault !== undefined) this.#fail('killed, power on', user.fault);
    return recording;
  }

  /** A disk with a database that has been there for long: all of it is safe. */
  async #prepared(plan: readonly PlannedTransaction[]): Promise<Recording> {
    const making = blank();
    await new DatabaseUser(this.#mode, plan, making, { life: 0, last: -1 }).session(making.disk, 1, Infinity);
    const { root } = making.disk;
    return { before: copyDirectory(root), disk: new SimulatedDisk(root), marks: [] };
  }

  /** Power is lost at this moment of a history: whatever is left must be sound, and so must work that goes on with it. */
  async #crash(
    plan: readonly PlannedTransaction[],
    history: DiskHistory,
    expectation: Expectation,
    random: SeededRandom,
    policiesBefore: readonly string[],
  ): Promise<void> {
    const image = crashImage(history, random);
    const policies = [...policiesBefore, image.policy];
    const disk = new SimulatedDisk(image.root);
    const recording: Recording = { before: copyDirectory(image.root), disk, marks: [] };
    this.points++;
    if (isHalfDone(disk)) this.needingRecovery++;
    const user = new DatabaseUser(this.#mode, plan, recording, {
      life: policies.length * LIVES_A_CRASH,
      last: -1,
    });
    try {
      await user.recover(expectation, random);
    } catch (error) {
      user.fault ??= `not usable: ${(error as Error).message}`;
    }
    if (user.fault !== undefined) {
      this.#fail(policies.join(' / then '), user.fault);
      return;
    }
    if (!random.chance(NEXT_CRASH_PROBABILITY) || disk.operations.length === 0) return;
    const next = new DiskHistory(recording.before, disk.operations, this.#behaviour);
    const operation = random.below(disk.operations.length + 1);
    next.replayTo(operation);
    await this.#crash(plan, next, expectationAt(recording, operation), random, policies);
  }

  #fail(image: string, reason: string): void {
    this.failures.push({ point: Math.max(0, this.points - 1), image, reason });
  }
}

/** Works through the plan on a disk, as process after process, and marks what was promised. */
class DatabaseUser {
  /** The last transaction that is known to be there. */
  last: number;
  /** What a process found wrong that the one before it had left. */
  fault: string | undefined;
  readonly #mode: CrashMode;
  readonly #plan: readonly PlannedTransaction[];
  readonly #recording: Recording;
  /** Counts processes, so that no two of them write the same bytes. */
  #life: number;
  #promised: number;
  #begun: number;

  constructor(
    mode: CrashMode,
    plan: readonly PlannedTransaction[],
    recording: Recording,
    before: { readonly life: number; readonly last: number },
  ) {
    this.#life = before.life;
    this.last = before.last;
    this.#promised = before.last;
    this.#begun = before.last;
    this.#mode = mode;
    this.#plan = plan;
    this.#recording = recording;
  }

  mark(): void {
    this.#recording.marks.push({
      at: this.#recording.disk.operations.length,
      promised: this.#promised,
      begun: this.#begun,
    });
  }

  /** A process that opens the database, works and closes it, unless it is killed meanwhile. */
  async session(disk: SimulatedDisk, transactions: number, calls: number): Promise<void> {
    const process = disk.process();
    process.killAfter(calls);
    let durable: DurableDatabase | undefined;
    try {
      durable = await this.#open(process.storage(DATABASE_PATH));
      this.#look(durable, { promised: this.last, begun: this.#begun });
      this.#work(durable, transactions);
      durable.close();
      this.#closed();
    } catch (error) {
      if (process.alive) throw error;
      closeQuietly(durable);
    }
  }

  /** Opens what a crash left, looks at it, and may go on working. */
  async recover(expectation: Expectation, random: SeededRandom): Promise<void> {
    const { disk } = this.#recording;
    const durable = await this.#open(disk.process().storage(DATABASE_PATH));
    try {
      this.#look(durable, expectation);
      if (this.fault !== undefined) return;
      // Recovery starts from a disk that is what it is: crashing in it must lead to the same end.
      this.#promised = this.last;
      this.#recording.marks.push({ at: 0, promised: this.last, begun: this.last });
      if (random.chance(0.5)) this.#work(durable, random.between(1, 3));
    } finally {
      durable.close();
    }
    this.#closed();
    const left = namesIn(disk);
    if (left.some((name) => name !== 'data.db')) this.fault = `left behind: ${left.join(', ')}`;
  }

  async #open(
    storage: ReturnType<ReturnType<SimulatedDisk['process']>['storage']>,
  ): Promise<DurableDatabase> {
    this.#life++;
    const durable = await openDatabase(storage, { ...this.#mode.options, busyDeadlineMs: 0 });
    if (this.#mode.pageSizeBytes !== undefined) {
      durable.database.exec(`PRAGMA page_size=${this.#mode.pageSizeBytes}`);
    }
    for (const pragma of this.#mode.pragmas ?? []) durable.database.exec(`PRAGMA ${pragma}`);
    return durable;
  }

  #look({ database }: DurableDatabase, expectation: Expectation): void {
    this.fault = faultOf(database, this.#plan, expectation);
    if (this.fault !== undefined) return;
    this.last = lastTransaction(database);
    this.#begun = this.last;
  }

  #work({ database }: DurableDatabase, transactions: number): void {
    for (const planned of this.#plan.slice(this.last + 1, this.last + 1 + transactions)) {
      this.#begun = planned.number;
      this.mark();
      runTransaction(database, planned, this.#life);
      this.last = planned.number;
      if (this.#mode.promisedAt !== 'close') this.#promised = this.last;
      this.mark();
    }
  }

  #closed(): void {
    this.#promised = this.last;
    this.mark();
  }
}

function closeQuietly(durable: DurableDatabase | undefined): void {
  try {
    durable?.close();
  } catch {
    // The process is dead: nothing it still says matters.
  }
}

function namesIn(disk: SimulatedDisk): string[] {
  const folder = disk.find(FOLDER);
  return folder?.kind === 'directory' ? [...folder.entries.keys()] : [];
}

/** Whether a journal or a log has something in it that recovery has to deal with. */
function isHalfDone(disk: SimulatedDisk): boolean {
  return ['-journal', '-wal'].some((suffix) => {
    const node = disk.find(DATABASE_PATH + suffix);
    return (
      node?.kind === 'file' &&
      node.content
        .view()
        .subarray(0, 8)
        .some((byte) => byte !== 0)
    );
  });
}
