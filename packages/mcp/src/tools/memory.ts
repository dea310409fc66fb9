import { z } from 'zod';
import { queryTool } from './query-tool.ts';
import {
  agentThatWrites,
  agentToRead,
  defineTool,
  document,
  documentToStore,
  id,
  writingAgent,
  type Tool,
} from './tool.ts';
import { ToolError } from '../tool-errors.ts';

const readAgent = id('Id of the agent. Default: the agent that this server is bound to.').optional();
const version = z.int().min(1);

const memoryGet = defineTool({
  name: 'memory_get',
  title: 'Read memory',
  description:
    'Returns the memory of an agent as JSON text, with its version: the current one, or an earlier version or time. To change it, save the changed document with this version as ifVersion.',
  returnsStoredText: true,
  input: z.strictObject({
    agentId: readAgent,
    version: version.optional().describe('An earlier version. Excludes at.'),
    at: z.string().max(64).optional().describe('The version of this time, ISO 8601. Excludes version.'),
  }),
  async run({ agentId: given, version: earlier, at }, context) {
    const agentId = agentToRead(given, context);
    const { database } = context;
    if (earlier !== undefined || at !== undefined) {
      const lookup = {
        agentId,
        ...(earlier !== undefined && { version: earlier }),
        ...(at !== undefined && { at }),
      };
      const memoryJson = await database.getMemory(lookup);
      return { agentId, ...(earlier !== undefined && { version: earlier }), memoryJson };
    }
    // One read: the version belongs to exactly this content.
    const [row] = await database.queryMemory({ agentExact: agentId, limit: 1 });
    if (row !== undefined) return row;
    throw new ToolError(
      'NOT_FOUND',
      `There is no memory of ${JSON.stringify(agentId)}`,
      'To store its first memory, call memory_save with ifVersion 0. memory_query lists the agents that have one.',
    );
  },
});

const memoryHistory = defineTool({
  name: 'memory_history',
  title: 'List versions of memory',
  description:
    "Lists the latest versions of an agent's memory, the current one first: number, time, size and hash.",
  returnsStoredText: true,
  input: z.strictObject({
    agentId: readAgent,
    limit: z.int().min(1).max(1000).default(50).describe('Number of versions at most.'),
  }),
  async run({ agentId: given, limit }, context) {
    const agentId = agentToRead(given, context);
    const versions = await context.database.memoryHistory(agentId);
    return { agentId, versions: versions.slice(0, limit), versionsTotal: versions.length };
  },
});

const memoryDiff = defineTool({
  name: 'memory_diff',
  title: 'Compare versions of memory',
  description: "Returns the difference between two versions of an agent's memory as a JSON Patch (RFC 6902).",
  returnsStoredText: true,
  input: z.strictObject({
    agentId: readAgent,
    from: version.describe('Number of the earlier version.'),
    to: version.optional().describe('Number of the later version. Default: the current one.'),
  }),
  async run({ agentId: given, from, to }, context) {
    const agentId = agentToRead(given, context);
    const patch = await context.database.diffMemory({ agentId, from, ...(to !== undefined && { to }) });
    return { agentId, from, ...(to !== undefined && { to }), patch };
  },
});

const memoryQuery = queryTool('queryMemory', {
  name: 'memory_query',
  title: 'Find memories',
  description: 'Returns the current memories of the agents that pass the filters, the latest save first.',
});

const memorySave = defineTool({
  name: 'memory_save',
  title: 'Save memory',
  description:
    "Saves the whole memory of an agent as a new version; earlier versions are kept. It is refused (VERSION_CONFLICT) unless ifVersion is the stored version, so that nobody's save is overwritten unseen. Store no secrets.",
  writes: true,
  input: z.strictObject({
    agentId: writingAgent,
    agentType: id('Kind of agent.').default('agent'),
    memory: document('The whole memory'),
    ifVersion: z
      .int()
      .min(0)
      .describe('The version that memory_get returned; 0 if there is no memory of the agent yet.'),
  }),
  async run({ agentId: given, agentType, memory: value, ifVersion }, context) {
    const agentId = agentThatWrites(given, context);
    const memory = documentToStore('memory', value);
    const saved = await context.database.saveMemory({ agentId, agentType, memory, ifVersion });
    return { agentId, ...saved };
  },
});

/** Tools for the memory of agents. */
export const MEMORY_TOOLS: readonly Tool[] = [memoryGet, memoryHistory, memoryDiff, memoryQuery, memorySave];
