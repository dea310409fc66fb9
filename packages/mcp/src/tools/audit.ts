import { z } from 'zod';
import { queryTool } from './query-tool.ts';
import { agentThatWrites, checkSize, defineTool, id, writingAgent, type Tool } from './tool.ts';

const auditLog = defineTool({
  name: 'audit_log',
  title: 'Log an audit entry',
  description:
    'Appends an entry to the audit trail: an operation and its result. Entries cannot be changed or deleted. Store no secrets.',
  writes: true,
  input: z.strictObject({
    agentId: writingAgent,
    operation: id('What was done, such as render.'),
    status: z.enum(['started', 'completed', 'failed', 'retry']),
    operationType: id('Kind of operation.').optional(),
    durationMs: z.int().min(0).optional().describe('Duration in milliseconds.'),
    details: z.string().optional().describe('Details, as text or JSON text.'),
    errorMessage: z.string().optional().describe('Why it failed.'),
  }),
  async run({ agentId: given, operation, status, ...optional }, context) {
    const agentId = agentThatWrites(given, context);
    checkSize('details', optional.details ?? '');
    checkSize('errorMessage', optional.errorMessage ?? '');
    const present = Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as { [Name in keyof typeof optional]?: NonNullable<(typeof optional)[Name]> };
    return { ...(await context.database.logAudit({ agentId, operation, status, ...present })) };
  },
});

const auditQuery = queryTool('queryAuditTrail', {
  name: 'audit_query',
  title: 'Read the audit trail',
  description:
    'Returns the audit entries that pass the filters, newest first: of the last 7 days, unless since or until is given.',
});

/** Tools for the audit trail. There is none that deletes. */
export const AUDIT_TOOLS: readonly Tool[] = [auditLog, auditQuery];
