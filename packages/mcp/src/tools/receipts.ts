import type { ReceiptLookup } from '@ggen-sim/core';
import { z } from 'zod';
import { ToolError } from '../tool-errors.ts';
import { queryTool } from './query-tool.ts';
import {
  agentThatWrites,
  defineTool,
  document,
  documentToStore,
  id,
  writingAgent,
  type Tool,
} from './tool.ts';

const receiptSave = defineTool({
  name: 'receipt_save',
  title: 'Save a receipt',
  description:
    'Saves the receipt of one execution: what was done, with which result. A receipt cannot be changed later. Saving the identical receipt again does nothing, so a call whose outcome is unknown can be repeated. Store no secrets.',
  writes: true,
  input: z.strictObject({
    executionId: id('Unique id of the execution, such as a UUID.'),
    agentId: writingAgent,
    agentType: id('Kind of agent.').default('agent'),
    receipt: document('The receipt'),
    status: z.enum(['success', 'error', 'partial']).default('success'),
    durationMs: z.int().min(0).default(0).describe('Duration of the execution in milliseconds.'),
  }),
  async run({ agentId: given, receipt: value, ...rest }, context) {
    const agentId = agentThatWrites(given, context);
    const receipt = documentToStore('receipt', value);
    return { ...(await context.database.saveReceipt({ ...rest, agentId, receipt, ifAbsent: true })) };
  },
});

const receiptGet = defineTool({
  name: 'receipt_get',
  title: 'Read a receipt',
  description:
    'Returns a receipt as JSON text, exactly as it was saved: by its id, by the beginning of its id (4 characters or more), or by its execution.',
  returnsStoredText: true,
  input: z.strictObject({
    receiptId: id('The id, or the beginning of it. Excludes executionId.').optional(),
    executionId: id('The execution. Excludes receiptId.').optional(),
  }),
  async run({ receiptId, executionId }, { database }) {
    if ((receiptId === undefined) === (executionId === undefined)) {
      throw new ToolError(
        'INVALID_ARGUMENT',
        'receipt_get takes one of receiptId and executionId',
        'Pass one of them.',
      );
    }
    const lookup: ReceiptLookup = executionId !== undefined ? { executionId } : idLookup(receiptId ?? '');
    return {
      ...(executionId !== undefined ? { executionId } : { receiptId }),
      receiptJson: await database.getReceipt(lookup),
    };
  },
});

/** A whole id is 64 digits; what is shorter is the beginning of one. */
function idLookup(receiptId: string): ReceiptLookup {
  return receiptId.length < 64 ? { idPrefix: receiptId } : receiptId;
}

const receiptQuery = queryTool('queryReceipts', {
  name: 'receipt_query',
  title: 'Find receipts',
  description: 'Returns the receipts that pass the filters, newest first.',
});

const receiptVerify = defineTool({
  name: 'receipt_verify',
  title: 'Verify a receipt',
  description:
    'Checks that a receipt is as it was saved: its row has the hash that the change log noted, and the entry is in the tree of the change log. An edited row is an error (PROOF_INVALID).',
  input: z.strictObject({ receiptId: id('The whole id of the receipt.') }),
  async run({ receiptId }, { database, signal }) {
    const { seq, size, rootHash } = { seq: null, ...(await database.prove({ receiptId, signal })) };
    return { receiptId, verified: true, seq, size, rootHash };
  },
});

/** Tools for receipts. */
export const RECEIPT_TOOLS: readonly Tool[] = [receiptSave, receiptGet, receiptQuery, receiptVerify];
