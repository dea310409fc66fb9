import { z } from 'zod';
import { defineTool, id, type Tool } from './tool.ts';

const stats = defineTool({
  name: 'stats',
  title: 'Count what is stored',
  description: 'Returns the numbers of receipts, memories and audit entries, and the size of the database.',
  input: z.strictObject({}),
  run: async (_, { database }) => ({ ...(await database.stats()) }),
});

const analytics = defineTool({
  name: 'analytics',
  title: 'Summarise operations',
  description: "Returns each agent's numbers of operations and failures and their durations, for a period.",
  returnsStoredText: true,
  input: z.strictObject({
    period: z.enum(['last-24-hours', 'last-7-days', 'last-30-days', 'last-90-days']).default('last-7-days'),
    agentId: id('Only this agent.').optional(),
  }),
  run: async ({ period, agentId }, { database }) => ({
    ...(await database.analytics({ period, ...(agentId !== undefined && { agentExact: agentId }) })),
  }),
});

const verify = defineTool({
  name: 'verify',
  title: 'Verify the database',
  description:
    'Checks the whole database: its integrity, every receipt id, and every row against the change log, so that rows which another program edited, deleted or inserted are found. It reads everything, which can take long.',
  returnsStoredText: true,
  input: z.strictObject({}),
  run: async (_, { database, signal }) => ({ ...(await database.verify({ signal })) }),
});

/** Tools that report on everything that is stored. */
export const REPORT_TOOLS: readonly Tool[] = [stats, analytics, verify];
