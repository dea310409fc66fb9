import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { encodeRows, type RowEncoding } from '../../src/exports/row-encoding.ts';

const columns = [
  { column: 'audit_id', field: 'auditId' },
  { column: 'agent_id', field: 'agentId' },
  { column: 'duration_ms', field: 'durationMs' },
  { column: 'error_message', field: 'errorMessage' },
];

interface Row {
  readonly auditId: string;
  readonly agentId: string;
  readonly durationMs: number | null;
  readonly errorMessage: string | null;
}

const row = (overrides: Partial<Row> = {}): Row => ({
  auditId: 'a1',
  agentId: 'validator-1',
  durationMs: 5,
  errorMessage: null,
  ...overrides,
});

async function* stream(rows: readonly object[]): AsyncGenerator<object> {
  yield* rows;
}

async function encode(rows: readonly object[], encoding: Omit<RowEncoding, 'columns'>): Promise<string> {
  let text = '';
  for await (const chunk of encodeRows(stream(rows), { columns, ...encoding })) text += chunk;
  return text;
}

const hostile = [
  `it's "quoted"`,
  'line\nbreak',
  'carriage\rreturn',
  'crlf\r\n',
  'comma,semicolon;tab\t',
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '',
  ' padded ',
  '🦊 émoji',
  'שלום',
  '\u{feff}bom',
  '\\n not a newline',
  `'; DROP TABLE receipts; --`,
  'null',
  '\u2028\u2029',
];

describe('json', () => {
  it('writes [] without rows', async () => {
    expect(await encode([], { format: 'json' })).toBe('[]\n');
  });

  it('writes one array, one row per line, under the names of the columns', async () => {
    const text = await encode([row(), row({ auditId: 'a2', errorMessage: 'no' })], { format: 'json' });
    expect(text).toBe(
      '[{"audit_id":"a1","agent_id":"validator-1","duration_ms":5,"error_message":null},\n' +
        '{"audit_id":"a2","agent_id":"validator-1","duration_ms":5,"error_message":"no"}]\n',
    );
  });

  it('writes stored JSON as a string', async () => {
    const stored = '{"n": 9007199254740993, "n": 1.0,  "é":"\\u00e9"}';
    const [parsed] = JSON.parse(await encode([row({ errorMessage: stored })], { format: 'json' })) as [
      Record<string, unknown>,
    ];
    expect(parsed['error_message']).toBe(stored);
  });

  it('keeps every text', async () => {
    const text = await encode(
      hostile.map((errorMessage) => row({ errorMessage })),
      { format: 'json' },
    );
    const parsed = JSON.parse(text) as Record<string, unknown>[];
    expect(parsed.map((entry) => entry['error_message'])).toEqual(hostile);
  });
});

describe('ndjson', () => {
  it('writes nothing without rows', async () => {
    expect(await encode([], { format: 'ndjson' })).toBe('');
  });

  it('writes one object per line, with any text', async () => {
    const text = await encode(
      hostile.map((errorMessage) => row({ errorMessage })),
      { format: 'ndjson' },
    );
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => (JSON.parse(line) as Record<string, unknown>)['error_message'])).toEqual(
      hostile,
    );
  });
});

/** Reads CSV with Python's csv module, an independent implementation of RFC 4180. */
function readCsv(text: string): string[][] {
  const program =
    'import csv,io,json,sys\n' +
    'text = sys.stdin.buffer.read().decode("utf-8")\n' +
    'json.dump(list(csv.reader(io.StringIO(text, newline=""), strict=True)), sys.stdout)';
  return JSON.parse(
    execFileSync('python3', ['-c', program], { input: text, encoding: 'utf8' }),
  ) as string[][];
}

describe('csv', () => {
  it('writes only the header without rows, and nothing with noHeader', async () => {
    expect(await encode([], { format: 'csv' })).toBe('audit_id,agent_id,duration_ms,error_message\r\n');
    expect(await encode([], { format: 'csv', noHeader: true })).toBe('');
  });

  it('ends lines with CRLF and distinguishes NULL from the empty text', async () => {
    const text = await encode([row(), row({ errorMessage: '' })], { format: 'csv', noHeader: true });
    expect(text).toBe('a1,validator-1,5,\r\na1,validator-1,5,""\r\n');
  });

  it('keeps every text, formulas included', async () => {
    const text = await encode(
      hostile.map((errorMessage) => row({ errorMessage })),
      { format: 'csv' },
    );
    const [header, ...records] = readCsv(text);
    expect(header).toEqual(columns.map(({ column }) => column));
    expect(records.map((record) => record[3])).toEqual(hostile);
  });

  it('with csvSafe escapes formulas, but not negative numbers', async () => {
    const texts = ['=1+1', '+1', '-1', '@SUM(A1)', 'plain'];
    const text = await encode(
      texts.map((errorMessage) => row({ errorMessage, durationMs: -5 })),
      { format: 'csv', csvSafe: true, noHeader: true },
    );
    const records = readCsv(text);
    expect(records.map((record) => record[3])).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", 'plain']);
    expect(records.map((record) => record[2])).toEqual(texts.map(() => '-5'));
  });
});

describe('any format', () => {
  it('comes in chunks and reads rows only as chunks are read', async () => {
    let pulled = 0;
    async function* many(): AsyncGenerator<object> {
      for (; pulled < 10_000; pulled += 1) yield row({ errorMessage: 'x'.repeat(100) });
    }
    const chunks = encodeRows(many(), { format: 'json', columns });
    await chunks.next();
    expect(pulled).toBeLessThan(1000);
    let count = 1;
    for await (const _ of chunks) count += 1;
    expect(count).toBeGreaterThan(10);
    expect(pulled).toBe(10_000);
  });

  it('ends the source when the reader stops early', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<object> {
      try {
        for (;;) yield row({ errorMessage: 'x'.repeat(1000) });
      } finally {
        ended = true;
      }
    }
    for await (const _ of encodeRows(endless(), { format: 'ndjson', columns })) break;
    expect(ended).toBe(true);
  });
});
