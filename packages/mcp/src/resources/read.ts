import type { Persistence } from '@ggen-sim/core';
import type { Resource } from '@modelcontextprotocol/sdk/types.js';
import { shownRow } from '../stored-data.ts';
import { ToolError } from '../tool-errors.ts';
import { auditUri, memoryUri, parseUri, receiptUri } from './uris.ts';

/** Number of receipts and of memories that a client is shown in its list. */
const LISTED_ROWS = 50;
const LISTED_DAYS = 7;
const MAX_AUDIT_ENTRIES = 1000;
const DAY_MS = 86_400_000;

/**
 * Reads the JSON that a URI names.
 * @throws {ToolError} NOT_FOUND for a URI of another form
 * @throws {PersistenceError} NOT_FOUND
 */
export async function readResource(database: Persistence, uri: string): Promise<string> {
  const name = parseUri(uri);
  switch (name?.kind) {
    case 'receipt':
      return database.getReceipt(name.receiptId);
    case 'memory':
      return database.getMemory(name);
    case 'audit':
      return readDay(database, name.date);
    default:
      throw new ToolError(
        'NOT_FOUND',
        `There is no resource ${JSON.stringify(uri)}`,
        'List the resource templates for the forms of the URIs.',
      );
  }
}

async function readDay(database: Persistence, date: string): Promise<string> {
  const begin = Date.parse(`${date}T00:00:00Z`);
  const day = { since: new Date(begin).toJSON(), until: new Date(begin + DAY_MS).toJSON() };
  const entriesTotal = await database.countAuditTrail(day);
  const entries = await database.queryAuditTrail({ ...day, order: 'oldest-first', limit: MAX_AUDIT_ENTRIES });
  return JSON.stringify({ date, entriesTotal, entries: entries.map((entry) => shownRow(entry)) });
}

/** Lists the newest receipts, the memories saved last and the last days of the audit trail. */
export async function listResources(database: Persistence, now: Date): Promise<Resource[]> {
  const receipts = await database.queryReceipts({ limit: LISTED_ROWS });
  const memories = await database.queryMemory({ limit: LISTED_ROWS });
  const mimeType = 'application/json';
  return [
    ...memories.map(({ agentId, version }) => ({
      uri: memoryUri(agentId),
      name: `memory ${agentId}`,
      description: `Version ${version}`,
      mimeType,
    })),
    ...receipts.map(({ receiptId, executionId, status }) => ({
      uri: receiptUri(receiptId),
      name: `receipt ${executionId}`,
      description: status,
      mimeType,
    })),
    ...Array.from({ length: LISTED_DAYS }, (_, days) => {
      const date = new Date(now.getTime() - days * DAY_MS).toJSON().slice(0, 'YYYY-MM-DD'.length);
      return { uri: auditUri(date), name: `audit trail ${date}`, mimeType };
    }),
  ];
}
