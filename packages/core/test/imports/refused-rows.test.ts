/** A row that cannot be stored as it is written is refused, and takes no other row with it. */
import { expect, it } from 'vitest';
import type { ExportFormat } from '../../src/api/audit.ts';
import type { ImportReport, RefusedLine } from '../../src/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** @param input - text whose character ÿ is a byte that is not UTF-8 */
async function importMemory(
  database: TestDatabase,
  format: ExportFormat,
  input: string,
  acceptInvalid = false,
): Promise<ImportReport> {
  await using persistence = await database.open();
  const report = await persistence.importRows({
    table: 'agent_memory',
    format,
    input: new Blob([Uint8Array.from(input, (character) => character.charCodeAt(0))]).stream(),
    acceptInvalid,
  });
  expect((await persistence.verify()).problems.filter(({ check }) => check === 'history')).toEqual([]);
  return report;
}

const storedAgents = (database: TestDatabase): string =>
  database.native('SELECT group_concat(agent_id) FROM agent_memory').trim();

it.each([
  ['"agent_type":"\\ud800"', 'agent_type has a lone surrogate, not well-formed Unicode'],
  ['"agent_type":"t","__proto__":{"base64":"AA=="}', 'agent_memory has no column "__proto__"'],
])('%s of JSON', async (fields, reason) => {
  const database = createTestDatabase();
  const row = (agent: string, more: string): string => `{"agent_id":"${agent}","memory_json":"1",${more}}\n`;
  const input = row('a', fields) + row('b', '"agent_type":"t"');
  expect(await importMemory(database, 'ndjson', input, true)).toMatchObject({
    rows: 1,
    refusedLines: [{ line: 1, reason }],
  });
  expect(storedAgents(database)).toBe('b');
});

const HEADER = 'agent_id,agent_type,memory_json\n';
const NOT_UTF8 = 'it is not UTF-8';
const NOT_CSV = 'it is not CSV: a quotation mark or a carriage return within a cell';

it.each<[string, string, RefusedLine, string]>([
  [
    'bytes that are not UTF-8 within quotation marks',
    `${HEADER}a,t,"1\nÿ\nfragment,t,2\n"\nb,t,3\nc,t,4\n`,
    { line: 3, reason: NOT_UTF8 },
    'b,c',
  ],
  [
    'bytes that are not UTF-8 before a quotation mark',
    `${HEADER}ÿ,t,"1\nfragment,t,2\n"\nb,t,3\n`,
    { line: 2, reason: NOT_UTF8 },
    'b',
  ],
  [
    'lines that end in a carriage return alone',
    `${HEADER}a,t,1\n`.replaceAll('\n', '\r'),
    { line: 1, reason: NOT_CSV },
    '',
  ],
])('%s of CSV', async (_, input, refused, agents) => {
  const database = createTestDatabase();
  expect(await importMemory(database, 'csv', input)).toMatchObject({ refused: 1, refusedLines: [refused] });
  expect(storedAgents(database)).toBe(agents);
});
