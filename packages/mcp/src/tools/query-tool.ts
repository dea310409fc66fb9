/** The tools that query rows: their filters, order and limit. */
import type { Persistence } from '@ggen-sim/core';
import { z } from 'zod';
import { MAX_ROWS, MAX_TEXT_CHARACTERS } from '../limits.ts';
import { shownRow } from '../stored-data.ts';
import { defineTool, id, type Tool } from './tool.ts';

type QueryMethod = 'queryReceipts' | 'queryMemory' | 'queryAuditTrail';

function optionalText(description: string): z.ZodOptional<z.ZodString> {
  return z.string().max(MAX_TEXT_CHARACTERS).describe(description).optional();
}

const agentType = optionalText('Only this type of agent.');
const status = optionalText('Only rows of this status.');

/** Filters that a table has beside the common ones. */
const OWN_FILTERS: Readonly<Record<QueryMethod, Readonly<Record<string, z.ZodType>>>> = {
  queryMemory: { agentType },
  queryReceipts: {
    agentType,
    status,
    execution: optionalText('Only this execution id, or the beginning of it with * at the end.'),
  },
  queryAuditTrail: {
    status,
    operation: optionalText('Only this operation, or the beginning of it with * at the end.'),
    operationType: optionalText('Only this type of operation.'),
  },
};

const COMMON_FILTERS = {
  agentId: id('Only rows of this agent.').optional(),
  agent: optionalText(
    'Only rows of agents whose id matches this SQL LIKE pattern; * means %. Excludes agentId.',
  ),
  since: optionalText(
    'Only rows of this time or later: 2026-01-31, an ISO 8601 time, or a span before now like 2h.',
  ),
  until: optionalText('Only rows before this time, given as for since.'),
  text: optionalText('Only rows that contain this text.'),
  where: optionalText('Only rows whose JSON fulfils this condition, such as $.files_generated > 10.'),
  after: optionalText('The nextCursor of the query before, to get the rows after it.'),
  limit: z
    .int()
    .min(1)
    .max(MAX_ROWS)
    .default(20)
    .describe(
      `Number of rows at most. A text of more than ${MAX_TEXT_CHARACTERS} characters is cut, and its field named in shortened.`,
    ),
  order: z.enum(['newest-first', 'oldest-first']).default('newest-first'),
};

/** Makes the tool that queries the rows of one table. */
export function queryTool(
  method: QueryMethod,
  wording: { readonly name: string; readonly title: string; readonly description: string },
): Tool {
  return defineTool({
    ...wording,
    returnsStoredText: true,
    input: z.strictObject({ ...COMMON_FILTERS, ...OWN_FILTERS[method] }),
    async run(filters, { database }) {
      const given = Object.entries(filters).filter(([, value]) => value !== undefined);
      const query = Object.fromEntries(
        given.map(([name, value]) => [name === 'agentId' ? 'agentExact' : name, value]),
      );
      const { rows, nextCursor } = await rowsOf(database, method, query).withCursor();
      return { rows: rows.map((row) => shownRow(row)), nextCursor };
    },
  });
}

/** Queries one table. The schema of the tool has exactly the filters that the table takes. */
function rowsOf(
  database: Persistence,
  method: QueryMethod,
  query: object,
): { withCursor(): Promise<{ rows: object[]; nextCursor: string | null }> } {
  return database[method](query);
}
