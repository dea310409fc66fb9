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
import { type DiskBehaviour, DiskHistory, INTACT_DISK } from './disk-history.ts';
import { type DiskDirectory, copyDirectory, emptyRoot } from './disk-tree.ts';
import { SimulatedDisk } from './simulated-disk.node.ts';

/** The size and seed of a campaign. */
export interface CrashCampaignOptions {
  readonly points: number;
  /** The same seed gives the same crashes, except for the random numbers that SQLite writes into journals. */
  readonly seed: number;
  /** Round to begin with. Rounds are independent, so that one of a long campaign can be repeated alone. @default 0 */
  readonly firstRound?: number;
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
/** Number of crashes of one recorded workload, before the next workload. */
const POINTS_PER_ROUND = 120;
const CALLS_BEFORE_KILL = { least: 5, most: 700 } as const;
/** Probability of a crash during recovery or during the transactions after it. */
const NEXT_CRASH_PROBABILITY = 0.3;
/** Greater than the number of processes that one crash can need. */
const RUNS_PER_CRASH = 1000;

/** The expectation for crashes from an operation on. */
interface ExpectationChange extends Expectation {
  readonly at: number;
}

/** The operations of a disk, and the expectations during them. */
interface Recording {
  readonly before: DiskDirectory;
  readonly disk: SimulatedDisk;
  readonly changes: ExpectationChange[];
}

function emptyRecording(): Recording {
  return { before: emptyRoot(), disk: new SimulatedDisk(), changes: [] };
}

function expectationAt({ changes }: Recording, operation: number): Expectation {
  return changes.findLast(({ at }) => at <= operation) as ExpectationChange;
}

/**
 * Runs a workload with the file storage on a simulated disk, then loses power at points that the seed selects. After each
 * crash it opens the image and checks it: intact, every promised commit present, no transaction stored in part.
 */
export async function crashFileStorage(
  mode: CrashMode,
  { points, seed, firstRound = 0 }: CrashCampaignOptions,
): Promise<CrashReport> {
  const started = performance.now();
  const campaign = new FileCrashCampaign(mode, seed);
  for (let round = firstRound; campaign.points < points; round++) {
    await campaign.round(round, Math.min(POINTS_PER_ROUND, points - campaign.points));
  }
  const { failures, needingRecovery } = campaign;
  return {
    storage: 'file',
    mode: mode.name,
    seed,
    points: campaign.points,
    needingRecovery,
    failures,
    durationMs: performance.now() - started,
  };
}

class FileCrashCampaign {
  points = 0;
  needingRecovery = 0;
  readonly failures: CrashFailure[] = [];
  readonly #mode: CrashMode;
  readonly #seed: number;
  readonly #behaviour: DiskBehaviour;

  constructor(mode: CrashMode, seed: number) {
    this.#mode = mode;
    this.#seed = seed;
    this.#behaviour = { ...INTACT_DISK, ...mode.disk };
  }

  /** Records one workload, and crashes it `points` times. */
  async round(round: number, points: number): Promise<void> {
    const random = new SeededRandom(this.#seed, round);
    const plan = planTransactions(random, { ...DEFAULT_SHAPE, ...this.#mode.shape });
    const recording = await this.#record(plan, random);
    const { before, disk, changes } = recording;
    const first = (changes[0] as ExpectationChange).at;
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
    const recording = this.#mode.fresh ? emptyRecording() : await this.#prepared(plan);
    const { disk } = recording;
    const user = new DatabaseUser(this.#mode, plan, recording, { run: 0, last: this.#mode.fresh ? -1 : 0 });
    user.noteExpectation();
    const { sessionTransactions = 8, killed = false } = this.#mode;
    while (user.last < plan.length - 1) {
      const calls = killed ? random.between(CALLS_BEFORE_KILL.least, CALLS_BEFORE_KILL.most) : Infinity;
      await user.session(disk, sessionTransactions, calls);
    }
    if (user.fault !== undefined) this.#fail('killed process, without power loss', user.fault);
    return recording;
  }

  /** Makes a disk with a database that is completely durable. */
  async #prepared(plan: readonly PlannedTransaction[]): Promise<Recording> {
    const creation = emptyRecording();
    await new DatabaseUser(this.#mode, plan, creation, { run: 0, last: -1 }).session(
      creation.disk,
      1,
      Infinity,
    );
    const { root } = creation.disk;
    return { before: copyDirectory(root), disk: new SimulatedDisk(root), changes: [] };
  }

  /** Loses power at the current point of a history. The image must be intact, and so must be the work that continues on it. */
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
    const recording: Recording = { before: copyDirectory(image.root), disk, changes: [] };
    this.points++;
    if (needsRecovery(disk)) this.needingRecovery++;
    const user = new DatabaseUser(this.#mode, plan, recording, {
      run: policies.length * RUNS_PER_CRASH,
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

/** Runs the plan on a disk in successive processes, and records the expectations. */
class DatabaseUser {
  /** The last transaction that is known to be stored. */
  last: number;
  /** The fault that a process found in the state of the one before it. */
  fault: string | undefined;
  readonly #mode: CrashMode;
  readonly #plan: readonly PlannedTransaction[];
  readonly #recording: Recording;
  /** Counts processes, so that no two of them write the same bytes. */
  #run: number;
  #promised: number;
  #begun: number;

  constructor(
    mode: CrashMode,
    plan: readonly PlannedTransaction[],
    recording: Recording,
    before: { readonly run: number; readonly last: number },
  ) {
    this.#run = before.run;
    this.last = before.last;
    this.#promised = before.last;
    this.#begun = before.last;
    this.#mode = mode;
    this.#plan = plan;
    this.#recording = recording;
  }

  /** Records the current expectation. */
  noteExpectation(): void {
    this.#recording.changes.push({
      at: this.#recording.disk.operations.length,
      promised: this.#promised,
      begun: this.#begun,
    });
  }

  /** Runs a process that opens the database, works and closes it, unless it is killed before. */
  async session(disk: SimulatedDisk, transactions: number, calls: number): Promise<void> {
    const process = disk.process();
    process.killAfter(calls);
    let durable: DurableDatabase | undefined;
    try {
      durable = await this.#open(process.storage(DATABASE_PATH));
      this.#check(durable, { promised: this.last, begun: this.#begun });
      this.#work(durable, transactions);
      durable.close();
      this.#closed();
    } catch (error) {
      if (process.alive) throw error;
      closeQuietly(durable);
    }
  }

  /** Opens and checks the database after a crash, and may run further transactions. */
  async recover(expectation: Expectation, random: SeededRandom): Promise<void> {
    const { disk } = this.#recording;
    const durable = await this.#open(disk.process().storage(DATABASE_PATH));
    try {
      this.#check(durable, expectation);
      if (this.fault !== undefined) return;
      // A crash during recovery must lead to the same state, so the expectation holds from operation 0.
      this.#promised = this.last;
      this.#recording.changes.push({ at: 0, promised: this.last, begun: this.last });
      if (random.chance(0.5)) this.#work(durable, random.between(1, 3));
    } finally {
      durable.close();
    }
    this.#closed();
    const left = namesIn(disk);
    if (left.some((name) => name !== 'data.db'))
      this.fault = `files remain after closing: ${left.join(', ')}`;
  }

  async #open(
    storage: ReturnType<ReturnType<SimulatedDisk['process']>['storage']>,
  ): Promise<DurableDatabase> {
    this.#run++;
    const durable = await openDatabase(storage, { ...this.#mode.options, busyDeadlineMs: 0 });
    if (this.#mode.pageSizeBytes !== undefined) {
      durable.database.exec(`PRAGMA page_size=${this.#mode.pageSizeBytes}`);
    }
    for (const pragma of this.#mode.pragmas ?? []) durable.database.exec(`PRAGMA ${pragma}`);
    return durable;
  }

  #check({ database }: DurableDatabase, expectation: Expectation): void {
    this.fault = faultOf(database, this.#plan, expectation);
    if (this.fault !== undefined) return;
    this.last = lastTransaction(database);
    this.#begun = this.last;
  }

  #work({ database }: DurableDatabase, transactions: number): void {
    for (const planned of this.#plan.slice(this.last + 1, this.last + 1 + transactions)) {
      this.#begun = planned.number;
      this.noteExpectation();
      runTransaction(database, planned, this.#run);
      this.last = planned.number;
      if (this.#mode.promisedAt !== 'close') this.#promised = this.last;
      this.noteExpectation();
    }
  }

  #closed(): void {
    this.#promised = this.last;
    this.noteExpectation();
  }
}

function closeQuietly(durable: DurableDatabase | undefined): void {
  try {
    durable?.close();
  } catch {
    // The process was killed, so its errors do not matter.
  }
}

function namesIn(disk: SimulatedDisk): string[] {
  const folder = disk.find(FOLDER);
  return folder?.kind === 'directory' ? [...folder.entries.keys()] : [];
}

/** True when a journal or a log has content that recovery must process. */
function needsRecovery(disk: SimulatedDisk): boolean {
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
