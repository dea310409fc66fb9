/** The fields of `Mutation`: they append, or save the next version. None deletes. */
import type { NewAuditEntry, NewReceipt } from '@ggen-sim/core';
import type { FieldContext } from './context.ts';
import { graphqlError } from './errors.ts';
import { enumName, given } from './queries.ts';

interface Writing {
  readonly agentId?: string | null;
  readonly status: string;
}

type Field = (input: never, context: FieldContext) => Promise<unknown>;

/** @throws {Error} FORBIDDEN_AGENT, INVALID_ARGUMENT */
function writer({ agentThatWrites }: FieldContext, agentId: string | null | undefined): string {
  const agent = agentThatWrites(agentId ?? undefined);
  if (agent === undefined) throw graphqlError('INVALID_ARGUMENT', 'agentId is missing');
  return agent;
}

/** What `Mutation` saves. */
export const MUTATIONS: Readonly<Record<string, Field>> = {
  saveReceipt: async (
    {
      receiptJson,
      status,
      ...rest
    }: Writing & Omit<NewReceipt, 'agentId' | 'status'> & { readonly receiptJson: string },
    context,
  ) =>
    context.database.saveReceipt({
      ...given<Omit<NewReceipt, 'agentId' | 'receipt'>>(rest),
      agentId: writer(context, rest.agentId),
      receipt: receiptJson,
      status: enumName(status),
      ifAbsent: true,
    }),
  saveMemory: async (
    {
      agentId,
      agentType,
      memoryJson,
      ifVersion,
    }: Writing & { readonly agentType: string; readonly memoryJson: string; readonly ifVersion: number },
    context,
  ) =>
    context.database.saveMemory({
      agentId: writer(context, agentId),
      agentType,
      memory: memoryJson,
      ifVersion,
    }),
  logAudit: async ({ status, ...rest }: Writing & Omit<NewAuditEntry, 'agentId' | 'status'>, context) =>
    context.database.logAudit({
      ...given<Omit<NewAuditEntry, 'agentId' | 'status'>>(rest),
      agentId: writer(context, rest.agentId),
      status: enumName(status),
    }),
};
