/** The goals, judged side by side in one run: ggen-sim and a peer take turns, at the durability their lines state. */
import { formatBytes, formatNumber } from '../report/numbers.ts';
import type { Platform, Results } from '../results.ts';
import { CLI_NODE, CLI_GGEN_SIM } from '../trials/cli-names.ts';
import type { Check, Goal } from './goal.ts';
import { Numbers, over } from './numbers.ts';

const SMALL = 1000;
const LARGE = 100_000;
const MILLION = 1_000_000;
const NODE_SIZES = [SMALL, LARGE, MILLION] as const;
const PAGE_SIZES = [SMALL, LARGE] as const;
const OPFS_PEERS: Readonly<Record<string, string>> = {
  'wa-sqlite-opfs-wal': 'AccessHandlePoolVFS',
  'sqlite-wasm-wal': 'opfs-sahpool',
};

/** A case, who is compared with whom at which sizes, and the limit of the ratio. */
type Wanted = readonly [
  caseName: string,
  engines: readonly [engineId: string, otherId: string],
  sizes: readonly number[],
  must: Check['must'],
  limit: number,
  /** What tells it from another check of the goal. */
  label?: string | undefined,
];

/** Every goal with its figures from a run. */
export function goalsOf(results: Results): Goal[] {
  const numbers = new Numbers(results);
  return [
    ...nodeGoals(numbers),
    ...growthGoals(numbers),
    ...millionGoals(numbers),
    ...pageGoals(numbers),
    ...encryptionGoals(numbers),
  ];
}

function nodeGoals(numbers: Numbers): Goal[] {
  const shared = ['ggen-sim-file', 'better-sqlite3-truncate'] as const;
  const exclusive = ['ggen-sim-exclusive', 'better-sqlite3-wal'] as const;
  const node = (...wanted: Wanted): Check[] => ratios(numbers, 'node', wanted);
  return [
    {
      text: 'Node, shared file: a save takes at most 1.15 × better-sqlite3 in the same journal mode (TRUNCATE)',
      checks: node('save', shared, NODE_SIZES, 'at most', 1.15),
    },
    {
      text: 'Node, exclusive: a save takes at most 1.3 × better-sqlite3 in WAL mode, synchronous=FULL',
      checks: node('save', exclusive, NODE_SIZES, 'at most', 1.3),
    },
    {
      text: 'Node, shared file: 64 callers at once get at least 10 × the saves of better-sqlite3 with a transaction each (TRUNCATE), 8 × among 1,000,000 rows',
      checks: [
        ...node('callers-64', shared, [LARGE], 'at least', 10),
        ...node('callers-64', shared, [MILLION], 'at least', 8),
      ],
    },
    {
      text: 'Node, exclusive: 64 callers at once get at least 4 × the saves of better-sqlite3 in WAL mode, and wait for at most 50 ms (p99)',
      checks: [
        ...node('callers-64', exclusive, [LARGE, MILLION], 'at least', 4),
        ...[LARGE, MILLION].map((rows) => ({
          at: `p99, ${at(rows)}`,
          value: over(64_000, numbers.summary('node', exclusive[0], 'callers-64', rows)?.worst),
          limit: 50,
          must: 'at most' as const,
          unit: 'ms' as const,
        })),
      ],
    },
    {
      text: 'Node: 64 receipts in one transaction are stored at 0.9 × the rate of better-sqlite3 at least (TRUNCATE)',
      checks: node('grouped-64', shared, NODE_SIZES, 'at least', 0.9),
    },
    {
      text: 'Node: a get of what is in the cache takes at most 2 × better-sqlite3 in a shared file (TRUNCATE), 1.2 × exclusively (WAL)',
      checks: [
        ...node('get', shared, [SMALL], 'at most', 2, 'shared'),
        ...node('get', exclusive, [SMALL], 'at most', 1.2, 'exclusive'),
      ],
    },
    {
      text: 'Node: analytics over 1,000,000 receipts takes at most 1.5 × better-sqlite3',
      checks: node('analytics', shared, [MILLION], 'at most', 1.5),
    },
    {
      text: 'Node: a backup takes at most as long as with better-sqlite3, its iterator and its backup call',
      checks: node('backup', shared, [LARGE, MILLION], 'at most', 1),
    },
  ];
}

function growthGoals(numbers: Numbers): Goal[] {
  const growth = (caseName: string): Check => ({
    at: caseName,
    value: numbers.growth('node', 'ggen-sim-file', caseName, [MILLION, SMALL]),
    limit: 1.5,
    must: 'at most',
    unit: '×',
  });
  const bytes = over(
    numbers.cost('node', 'ggen-sim-file', MILLION, 'bytes written'),
    numbers.cost('node', 'ggen-sim-file', SMALL, 'bytes written'),
  );
  return [
    {
      text: 'Node: with 1,000,000 receipts a save, a get and the latest 100 cost at most 1.5 × what they cost with 1,000',
      checks: ['save', 'get', 'latest-100'].map(growth),
    },
    {
      text: 'Node: bytes written a save with 1,000,000 receipts are those with 1,000, within 20 %',
      checks: [
        { at: 'more', value: bytes, limit: 1.2, must: 'at most', unit: '×' },
        { at: 'less', value: bytes, limit: 0.8, must: 'at least', unit: '×' },
      ],
    },
  ];
}

function millionGoals(numbers: Numbers): Goal[] {
  const p99 = (caseName: string, limit: number): Check => ({
    at: `${caseName} p99`,
    value: numbers.summary('node', 'ggen-sim-file', caseName, MILLION)?.worst,
    limit,
    must: 'at most',
    unit: 'ms',
  });
  const backupMs = numbers.median('node', 'ggen-sim-file', 'backup', MILLION);
  const peakBytes = numbers.peakMemoryBytes('node', 'ggen-sim-file', MILLION);
  const beyondNode = (rows: number): number | undefined =>
    sum(
      numbers.median('node', CLI_GGEN_SIM, 'cli', rows),
      negative(numbers.median('node', CLI_NODE, 'cli', rows)),
    );
  return [
    {
      text: 'Node, in process, 1,000,000 receipts, p99: init 100 ms, save 50 ms, audit 30 ms, query of 100 100 ms, analytics 200 ms',
      checks: [
        p99('open', 100),
        p99('save', 50),
        p99('audit', 30),
        p99('latest-100', 100),
        p99('analytics', 200),
      ],
      beside:
        backupMs === undefined || peakBytes === undefined
          ? ''
          : `backup of 1,000,000 receipts and as many audit entries: ${formatNumber(backupMs)} ms, peak memory of the process ${formatBytes(peakBytes)}`,
    },
    {
      text: 'Command line: `db stats` with 1,000 receipts takes at most 80 ms more than bare Node',
      checks: [{ at: at(SMALL), value: beyondNode(SMALL), limit: 80, must: 'at most', unit: 'ms' }],
    },
  ];
}

function pageGoals(numbers: Numbers): Goal[] {
  const worker = 'ggen-sim-indexeddb-worker';
  const exclusive = 'ggen-sim-opfs-exclusive';
  const chromium = (...wanted: Wanted): Check[] => ratios(numbers, 'chromium', wanted);
  const opfsPeers = ['wa-sqlite-opfs-delete', 'wa-sqlite-opfs-wal', 'sqlite-wasm-delete', 'sqlite-wasm-wal'];
  const fastest = Math.min(
    ...opfsPeers.map((engineId) => numbers.median('chromium', engineId, 'open', LARGE) ?? Infinity),
  );
  return [
    {
      text: 'Chromium, from the page through its worker: 100,000 receipts in IndexedDB open within 250 ms',
      checks: [
        {
          at: at(LARGE),
          value: numbers.median('chromium', 'ggen-sim-indexeddb', 'open', LARGE),
          limit: 250,
          must: 'at most',
          unit: 'ms',
        },
      ],
    },
    {
      text: 'Chromium, IndexedDB strict: a save is at least 4 × faster than with IDBMirrorVFS (wa-sqlite), both called in a worker',
      checks: chromium('save', ['wa-sqlite-indexeddb-mirror', worker], PAGE_SIZES, 'at least', 4),
    },
    {
      text: 'Chromium, IndexedDB strict: 64 callers at once get at least 50 × the saves of IDBBatchAtomicVFS (wa-sqlite)',
      checks: chromium('callers-64', [worker, 'wa-sqlite-indexeddb'], [SMALL], 'at least', 50),
    },
    {
      text: 'Chromium, OPFS exclusive: a save takes at most as long as with AccessHandlePoolVFS (wa-sqlite) and opfs-sahpool (sqlite-wasm) in WAL mode',
      checks: ['wa-sqlite-opfs-wal', 'sqlite-wasm-wal'].flatMap((peer) =>
        chromium('save', [exclusive, peer], PAGE_SIZES, 'at most', 1, OPFS_PEERS[peer]),
      ),
    },
    {
      text: "Chromium, OPFS exclusive: 64 callers at once get at least 5 × the saves of sqlite-wasm's opfs-sahpool in WAL mode",
      checks: chromium('callers-64', [exclusive, 'sqlite-wasm-wal'], PAGE_SIZES, 'at least', 5),
    },
    {
      text: 'Chromium, OPFS, called in a worker: opening takes at most as long as with the fastest of the others',
      checks: [
        {
          at: at(LARGE),
          value: over(numbers.median('chromium', 'ggen-sim-opfs-worker', 'open', LARGE), fastest),
          limit: 1,
          must: 'at most',
          unit: '×',
        },
      ],
    },
    {
      text: 'Chromium, from the page through its worker: a save at 100,000 receipts takes at most 2 × what it takes at 1,000',
      checks: ['ggen-sim-indexeddb', 'ggen-sim-opfs'].map((engineId) => ({
        at: engineId === 'ggen-sim-opfs' ? 'OPFS' : 'IndexedDB',
        value: pageGrowth(numbers, engineId),
        limit: 2,
        must: 'at most',
        unit: '×',
      })),
      beside: beside(pageGrowth(numbers, 'sqljs-export')),
    },
  ];
}

function encryptionGoals(numbers: Numbers): Goal[] {
  const pairs = [
    ['ggen-sim-file-encrypted', 'ggen-sim-file'],
    ['ggen-sim-exclusive-encrypted', 'ggen-sim-exclusive'],
  ] as const;
  const pages = ['ggen-sim-indexeddb-worker-encrypted', 'ggen-sim-indexeddb-worker'] as const;
  const inNode = (caseName: string, limit: number): Check[] =>
    pairs.flatMap((pair) =>
      PAGE_SIZES.map((rows) => ({
        at: `${pair[1]}, ${at(rows)}`,
        value: numbers.ratio('node', pair, caseName, rows),
        limit,
        must: 'at most' as const,
        unit: '×' as const,
      })),
    );
  const sqlCipher = (['save', 'get'] as const).flatMap((caseName) =>
    PAGE_SIZES.flatMap((rows) => {
      const ratio = numbers.ratio('node', ['ggen-sim-file-encrypted', 'sqlcipher'], caseName, rows);
      return ratio === undefined ? [] : [`${caseName} to SQLCipher's, ${at(rows)}: ${formatNumber(ratio)} ×`];
    }),
  );
  return [
    {
      text: 'Node, encrypted: a save takes at most 1.5 × a plain one',
      checks: inNode('save', 1.5),
      beside: sqlCipher.join('; '),
    },
    {
      text: 'Node, encrypted: a get of what is in the cache takes at most 1.05 × a plain one',
      checks: inNode('get', 1.05),
    },
    {
      text: 'Chromium, IndexedDB strict, encrypted: a save takes at most 1.2 × a plain one',
      checks: ratios(numbers, 'chromium', ['save', pages, PAGE_SIZES, 'at most', 1.2]),
    },
  ];
}

function pageGrowth(numbers: Numbers, engineId: string): number | undefined {
  return numbers.growth('chromium', engineId, 'save', [LARGE, SMALL]);
}

function beside(ratio: number | undefined): string {
  return ratio === undefined ? '' : `sql.js, exporting and putting the whole file: ${formatNumber(ratio)} ×`;
}

function ratios(
  numbers: Numbers,
  platform: Platform,
  [caseName, engines, sizes, must, limit, label]: Wanted,
): Check[] {
  return sizes.map((rows) => ({
    at: label === undefined ? at(rows) : `${label}, ${at(rows)}`,
    value: numbers.ratio(platform, engines, caseName, rows),
    limit,
    must,
    unit: '×',
  }));
}

function at(rowCount: number): string {
  return `${rowCount.toLocaleString('en-US')} rows`;
}

function negative(a: number | undefined): number | undefined {
  return a === undefined ? undefined : -a;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
