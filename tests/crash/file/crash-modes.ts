import type { OpenDatabaseOptions } from '../../../packages/sqljs-vfs/src/open-database.ts';
import type { WorkloadShape } from '../crash-workload.ts';
import type { DiskBehaviour } from './disk-history.ts';

/** A way to use a database in a file that crashes interrupt. */
export interface CrashMode {
  /** For the report. */
  readonly name: string;
  readonly options: OpenDatabaseOptions;
  /** Settings made on every connection of the workload. */
  readonly pragmas?: readonly string[];
  readonly pageSizeBytes?: number;
  readonly shape?: Partial<WorkloadShape>;
  /** The crashes include those while the folder, the file and the tables are made. @default false */
  readonly fresh?: boolean;
  /** Transactions before the database is closed and opened again. @default 8 */
  readonly sessionTransactions?: number;
  /**
   * Every process is killed somewhere in its session, and the next one goes on with what the operating system still
   * holds; the loss of power comes after that.
   * @default false
   */
  readonly killed?: boolean;
  /** When a commit is promised to survive a loss of power: at once, or when the database is closed. @default 'commit' */
  readonly promisedAt?: 'commit' | 'close';
  /** What is wrong with the disk. @default nothing */
  readonly disk?: Partial<DiskBehaviour>;
}

const TRUNCATE: OpenDatabaseOptions = {};
const EXCLUSIVE: OpenDatabaseOptions = { exclusive: true };
const RELAXED: OpenDatabaseOptions = { exclusive: true, synchronous: 'normal' };
const SMALL_CACHE: readonly string[] = ['cache_size=5'];
const OFTEN_CHECKPOINTED: readonly string[] = ['wal_autocheckpoint=20'];
const LARGE: Partial<WorkloadShape> = { transactions: 8, rows: 120, longestText: 1000, rewriteEvery: 2 };

/** How databases in files are used: none of these may lose or damage anything. */
export const FILE_CRASH_MODES: readonly CrashMode[] = [
  { name: 'shared (TRUNCATE, full)', options: TRUNCATE },
  { name: 'shared, new database', options: TRUNCATE, fresh: true },
  {
    name: 'shared, 512-byte pages, cache of 5 pages',
    options: TRUNCATE,
    fresh: true,
    pageSizeBytes: 512,
    pragmas: SMALL_CACHE,
  },
  { name: 'shared, 64 KiB pages', options: TRUNCATE, fresh: true, pageSizeBytes: 65_536 },
  { name: 'shared, large transactions that spill', options: TRUNCATE, pragmas: SMALL_CACHE, shape: LARGE },
  { name: 'shared, VACUUM before every other transaction', options: TRUNCATE, shape: { vacuumEvery: 2 } },
  { name: 'shared, processes killed before', options: TRUNCATE, fresh: true, killed: true },
  { name: 'exclusive (WAL, full)', options: EXCLUSIVE, pragmas: OFTEN_CHECKPOINTED },
  { name: 'exclusive, new database', options: EXCLUSIVE, fresh: true, sessionTransactions: 2 },
  {
    name: 'exclusive, large transactions that spill',
    options: EXCLUSIVE,
    pragmas: [...SMALL_CACHE, ...OFTEN_CHECKPOINTED],
    shape: LARGE,
  },
  { name: 'exclusive, processes killed before', options: EXCLUSIVE, fresh: true, killed: true },
  {
    name: 'exclusive, relaxed: intact, and durable once closed',
    options: RELAXED,
    pragmas: OFTEN_CHECKPOINTED,
    promisedAt: 'close',
  },
  {
    name: 'exclusive, relaxed, processes killed before',
    options: RELAXED,
    fresh: true,
    killed: true,
    promisedAt: 'close',
  },
];

/** The same with something missing: each of these must be seen to fail, or the series proves nothing. */
export const FILE_CRASH_CONTROLS: readonly CrashMode[] = [
  { name: 'synchronous=OFF', options: TRUNCATE, pragmas: ['synchronous=OFF'] },
  { name: 'synchronous=NORMAL', options: TRUNCATE, pragmas: ['synchronous=NORMAL'] },
  { name: 'journal_mode=DELETE', options: TRUNCATE, pragmas: ['journal_mode=DELETE'] },
  { name: 'journal in memory', options: TRUNCATE, pragmas: ['journal_mode=MEMORY'] },
  { name: 'syncs that do nothing', options: TRUNCATE, disk: { syncsFiles: false } },
  { name: 'syncs that do nothing, exclusive', options: EXCLUSIVE, disk: { syncsFiles: false } },
  { name: 'directories never synced', options: TRUNCATE, disk: { syncsDirectories: false } },
  { name: 'directories never synced, exclusive', options: EXCLUSIVE, disk: { syncsDirectories: false } },
  { name: 'relaxed where full was promised', options: RELAXED },
  { name: 'freed blocks keep old contents', options: TRUNCATE, disk: { hidesFreedBlocks: false } },
];
