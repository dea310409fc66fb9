import { AUDIT_TOOLS } from './audit.ts';
import { MEMORY_TOOLS } from './memory.ts';
import { RECEIPT_TOOLS } from './receipts.ts';
import { REPORT_TOOLS } from './reports.ts';
import type { Tool } from './tool.ts';

export type { Tool, ToolContext } from './tool.ts';

/** All tools, in the order in which clients list them. */
export const TOOLS: readonly Tool[] = [...MEMORY_TOOLS, ...RECEIPT_TOOLS, ...AUDIT_TOOLS, ...REPORT_TOOLS];
