import type { OpenDatabaseOptions } from '../../../packages/sqljs-vfs/src/open-database.ts';
import type { WorkloadShape } from '../crash-workload.ts';
import type { DiskBehaviour } from './disk-history.ts';

/** A way to use a database in a file while crashes interrupt it. */
export interface CrashMode {
  /** Name in the report. */
  readonly name: string;
  readonly options: OpenDatabaseOptions;
  /** Pragmas of every connection of the workload. */
  readonly pragmas?: readonly string[];
  readonly pageSizeBytes?: number;
  readonly shape?: Partial<WorkloadShape>;
  /** True when crashes also interrupt the creation of the folder, the file and the tables. @default false */
  readonly fresh?: boolean;
  /** Number of transactions before the database is closed and reopened. @default 8 */
  readonly sessionTransactions?: number;
  /**
   * True when every process is killed during its session, and the next one continues with the operating system's state.
   * The power loss comes after that.
   * @default false
   */
  readonly killed?: boolean;
  /** The event after which a commit survives a power loss. @default 'commit' */
  readonly promisedAt?: 'commit' | 'close';
  /** Defects of the disk. @default none */
  readonly disk?: Partial<DiskBehaviour>;
}

const TRUNCATE: OpenDatabaseOptions = {};
const EXCLUSIVE: OpenDatabaseOptions = { exclusive: true };
const RELAXED: OpenDatabaseOptions = { exclusive: true, synchronous: 'normal' };
const ENCRYPTED: OpenDatabaseOptions = { key: new Uint8Array(32).fill(7) };
const SMALL_CACHE: readonly string[] = ['cache_size=5'];
const OFTEN_CHECKPOINTED: readonly string[] = ['wal_autocheckpoint=20'];
const LARGE: Partial<WorkloadShape> = { transactions: 8, rows: 120, longestText: 1000, rewriteEvery: 2 };

/** Supported modes. None of them may lose or damage data. */
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
  { name: 'encrypted, new database', options: ENCRYPTED, fresh: true },
  {
    name: 'encrypted, large transactions that spill',
    options: ENCRYPTED,
    pragmas: SMALL_CACHE,
    shape: LARGE,
  },
  { name: 'encrypted, processes killed before', options: ENCRYPTED, fresh: true, killed: true },
  {
    name: 'encrypted, exclusive, large transactions that spill',
    options: { ...EXCLUSIVE, ...ENCRYPTED },
    pragmas: [...SMALL_CACHE, ...OFTEN_CHECKPOINTED],
    shape: { ...LARGE, rows: 40 },
  },
  {
    name: 'encrypted, exclusive, processes killed before',
    options: { ...EXCLUSIVE, ...ENCRYPTED },
    fresh: true,
    killed: true,
  },
];

/** Negative controls: modes without one protection. Each of them must fail, or the campaign proves nothing. */
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
  { name: 'encrypted, syncs that do nothing', options: ENCRYPTED, disk: { syncsFiles: false } },
  {
    name: 'encrypted, exclusive, syncs that do nothing',
    options: { ...EXCLUSIVE, ...ENCRYPTED },
    disk: { syncsFiles: false },
  },
  { name: 'freed blocks keep old contents', options: TRUNCATE, disk: { hidesFreedBlocks: false } },
];
