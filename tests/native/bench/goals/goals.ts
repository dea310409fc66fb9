/** The goals, judged side by side in one run: ggen-sim and a peer take turns, at the durability their lines state. */
import { formatBytes, formatNumber } from '../report/numbers.ts';
import type { Platform, Results } from '../results.ts';
import { CLI_NODE, CLI_GGEN_SIM, CLI_SQLITE3 } from '../trials/cli-names.ts';
import type { Check, Goal } from './goal.ts';
import { Numbers, over } from './numbers.ts';

const SMALL = 1000;
const LARGE = 100_000;
const MILLION = 1_000_000;
const NODE_SIZES = [SMALL, LARGE, MILLION] as const;
const PAGE_SIZES = [SMALL, LARGE] as const;
const OPENED_IN: Readonly<Record<string, string>> = {
  'ggen-sim-indexeddb': 'IndexedDB',
  'ggen-sim-opfs': 'OPFS',
  'ggen-sim-opfs-exclusive-page': 'OPFS exclusive',
};

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
  return [
    {
      text: 'Node, shared file: a save is not slower than better-sqlite3 in the same journal mode (TRUNCATE)',
      checks: slower(numbers, 'node', shared, NODE_SIZES, 1),
    },
    {
      text: 'Node, exclusive: a save takes at most 1.5 × better-sqlite3 in WAL mode, synchronous=FULL',
      checks: slower(numbers, 'node', exclusive, NODE_SIZES, 1.5),
    },
    {
      text: 'Node, shared file: 64 callers at once get at least 10 × the saves of better-sqlite3 with a transaction each (TRUNCATE)',
      checks: faster(numbers, 'node', 'callers-64', shared, NODE_SIZES, 10),
      beside: NODE_SIZES.map((rows) => {
        const ratio = numbers.ratio('node', exclusive, 'callers-64', rows);
        return ratio === undefined
          ? ''
          : `exclusive to better-sqlite3 in WAL mode, ${at(rows)}: ${formatNumber(ratio)} ×`;
      })
        .filter(Boolean)
        .join('; '),
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
  const compared = over(
    numbers.median('node', CLI_GGEN_SIM, 'cli', MILLION),
    sum(
      numbers.median('node', CLI_NODE, 'cli', MILLION),
      numbers.median('node', CLI_SQLITE3, 'cli', MILLION),
    ),
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
      text: 'Command line: `db stats` with 1,000,000 receipts takes at most 1.5 × bare Node and native sqlite3 with the same counts, added up',
      checks: [{ at: at(MILLION), value: compared, limit: 1.5, must: 'at most', unit: '×' }],
    },
  ];
}

function pageGoals(numbers: Numbers): Goal[] {
  const strict = ['ggen-sim-indexeddb-worker', 'wa-sqlite-indexeddb'] as const;
  const opfs = ['ggen-sim-opfs-exclusive', 'sqlite-wasm-wal'] as const;
  const open = (engineId: string, limit: number): Check => ({
    at: OPENED_IN[engineId] ?? engineId,
    value: numbers.median('chromium', engineId, 'open', LARGE),
    limit,
    must: 'at most',
    unit: 'ms',
  });
  return [
    {
      text: 'Chromium, IndexedDB strict: a save is at least 8 × faster than wa-sqlite on IndexedDB, both called in a worker',
      checks: slower(numbers, 'chromium', [strict[1], strict[0]], PAGE_SIZES, 8, 'at least'),
    },
    {
      text: 'Chromium, IndexedDB strict: 64 callers at once get at least 50 × the saves of wa-sqlite on IndexedDB',
      checks: faster(numbers, 'chromium', 'callers-64', strict, PAGE_SIZES, 50),
    },
    {
      text: "Chromium, OPFS exclusive: a save is faster than sqlite-wasm's opfs-sahpool in WAL mode",
      checks: slower(numbers, 'chromium', opfs, PAGE_SIZES, 1),
    },
    {
      text: `Chromium, OPFS exclusive: 64 callers at once get at least 5 × the saves of sqlite-wasm's opfs-sahpool in WAL mode`,
      checks: faster(numbers, 'chromium', 'callers-64', opfs, PAGE_SIZES, 5),
    },
    {
      text: 'Chromium, from the page through its worker: 100,000 receipts open within 400 ms from IndexedDB, 100 ms from OPFS',
      checks: [
        open('ggen-sim-indexeddb', 400),
        open('ggen-sim-opfs', 100),
        open('ggen-sim-opfs-exclusive-page', 100),
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
      checks: slower(numbers, 'chromium', pages, PAGE_SIZES, 1.2),
    },
  ];
}

function pageGrowth(numbers: Numbers, engineId: string): number | undefined {
  return numbers.growth('chromium', engineId, 'save', [LARGE, SMALL]);
}

function beside(ratio: number | undefined): string {
  return ratio === undefined ? '' : `sql.js, exporting and putting the whole file: ${formatNumber(ratio)} ×`;
}

function slower(
  numbers: Numbers,
  platform: Platform,
  pair: readonly [string, string],
  sizes: readonly number[],
  limit: number,
  must: Check['must'] = 'at most',
): Check[] {
  return sizes.map((rows) => ({
    at: at(rows),
    value: numbers.ratio(platform, pair, 'save', rows),
    limit,
    must,
    unit: '×',
  }));
}

function faster(
  numbers: Numbers,
  platform: Platform,
  caseName: string,
  pair: readonly [string, string],
  sizes: readonly number[],
  limit: number,
): Check[] {
  return sizes.map((rows) => ({
    at: at(rows),
    value: numbers.ratio(platform, pair, caseName, rows),
    limit,
    must: 'at least',
    unit: '×',
  }));
}

function at(rowCount: number): string {
  return `${rowCount.toLocaleString('en-US')} rows`;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
