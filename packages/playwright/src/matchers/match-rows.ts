import { columnsOfTable, type TableName } from '@ggen-sim/core';
import { differencesOf, type Difference } from './differences.ts';
import type { ExpectedRows, StoredRows } from './expected-rows.ts';

/** What a matcher is given by its framework. */
export interface MatcherState {
  readonly isNot: boolean;
  readonly utils: {
    matcherHint(name: string, received?: string, expected?: string, options?: { isNot: boolean }): string;
    printExpected(value: unknown): string;
    printReceived(value: unknown): string;
  };
}

/** What a matcher returns to its framework. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

type Row = Readonly<Record<string, unknown>>;

interface MatchedTable {
  readonly table: TableName;
  /** One row and several, in messages. */
  readonly nouns: readonly [string, string];
  /** The field for the content of a JSON column, as the API takes it, and the field that holds its text. */
  readonly json?: readonly [content: string, text: string];
  /** Fields that tell people which row it is. */
  readonly shown: readonly string[];
  readonly read: (database: StoredRows) => PromiseLike<readonly object[]>;
}

const EVERY_ROW = { limit: Number.MAX_SAFE_INTEGER };
/** How many of the nearest rows a message shows. */
const SHOWN_ROWS = 3;

const TABLES: Readonly<Record<keyof ExpectedRows, MatchedTable>> = {
  toHaveReceipt: {
    table: 'receipts',
    nouns: ['receipt', 'receipts'],
    json: ['receipt', 'receiptJson'],
    shown: ['executionId', 'agentId', 'status', 'createdAt'],
    read: (database) => database.queryReceipts(EVERY_ROW),
  },
  toHaveMemory: {
    table: 'agent_memory',
    nouns: ['memory', 'memories'],
    json: ['memory', 'memoryJson'],
    shown: ['agentId', 'version', 'lastUpdated'],
    read: (database) => database.queryMemory(EVERY_ROW),
  },
  toHaveAudited: {
    table: 'audit_log',
    nouns: ['audit entry', 'audit entries'],
    shown: ['agentId', 'operation', 'status', 'timestamp'],
    // Without a period only the last days would be searched.
    read: (database) => database.queryAuditTrail({ ...EVERY_ROW, since: '0000-01-01' }),
  },
};

/**
 * Refuses what no row could ever match, or `.not` would pass for the wrong reason.
 * @throws TypeError for a field that the table has not, what has no fields, and a value that is no database
 */
export function checkCall<Matcher extends keyof ExpectedRows>(
  matcher: Matcher,
  database: StoredRows,
  expected: ExpectedRows[Matcher],
): void {
  if (typeof database?.queryReceipts !== 'function')
    throw new TypeError(`${matcher}: expect() needs a Persistence, or the database of a page`);
  // A program without types may pass anything.
  const given: unknown = expected;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`${matcher}: what is expected must be an object with fields of a row`);
  const { table, json, nouns } = TABLES[matcher];
  const fields = [...(json ? [json[0]] : []), ...columnsOfTable(table).map(({ field }) => field)];
  const unknown = Object.keys(expected).find((name) => !fields.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${matcher}: no ${nouns[0]} has a field ${unknown}; it has ${fields.join(', ')}`);
}

/** Looks once for a row with the expected fields. */
export async function matchRows<Matcher extends keyof ExpectedRows>(
  matcher: Matcher,
  database: StoredRows,
  expected: ExpectedRows[Matcher],
  state: MatcherState,
): Promise<MatcherResult> {
  const { json, nouns, shown, read } = TABLES[matcher];
  const compared = Array.from(await read(database), (stored) => {
    const row = withContent(stored as Row, json);
    return { row, differences: differencesOf('', expected, row) };
  }).toSorted((one, other) => one.differences.length - other.differences.length);
  const matching = compared.filter(({ differences }) => differences.length === 0);
  const pass = matching.length > 0;
  const message = (): string => {
    const [one, several] = nouns;
    const article = pass ? 'no' : /^[aeiou]/.test(one) ? 'an' : 'a';
    const found = compared.length === 1 ? `1 ${one}` : `${compared.length} ${several}`;
    const rows = (pass ? matching : compared).slice(0, SHOWN_ROWS);
    const nearest = compared.length > 0 ? ', nearest first:' : '';
    return [
      state.utils.matcherHint(matcher, 'database', 'expected', { isNot: state.isNot }),
      `\nExpected ${article} ${one} with: ${state.utils.printExpected(expected)}`,
      pass ? `Matching: ${matching.length} of ${found}` : `Stored: ${found}${nearest}`,
      ...rows.map(({ row, differences }) => describe(row, shown, differences, state)),
    ].join('\n');
  };
  return { pass, message };
}

/** Adds the content of the JSON column. What is no JSON, as another program may store it, has none. */
function withContent(row: Row, json: MatchedTable['json']): Row {
  if (json === undefined) return row;
  const [content, text] = json;
  try {
    return { ...row, [content]: JSON.parse(String(row[text])) as unknown };
  } catch {
    return row;
  }
}

function describe(
  row: Row,
  shown: readonly string[],
  differences: readonly Difference[],
  { utils }: MatcherState,
): string {
  return [
    `\n  ${shown.map((field) => `${field} ${JSON.stringify(row[field])}`).join(', ')}`,
    ...differences.map(
      ({ path, expected, received }) =>
        `    ${path}: expected ${utils.printExpected(expected)}, received ${utils.printReceived(received)}`,
    ),
  ].join('\n');
}
