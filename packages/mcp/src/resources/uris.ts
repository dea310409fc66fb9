/** URIs of what is stored. They are names, never paths: an unknown one is not found, whatever its segments say. */

import type { ResourceTemplate } from '@modelcontextprotocol/sdk/types.js';

/** What a URI names. */
export type ResourceName =
  | { readonly kind: 'receipt'; readonly receiptId: string }
  | { readonly kind: 'memory'; readonly agentId: string; readonly version?: number }
  | { readonly kind: 'audit'; readonly date: string };

const PREFIX = 'ggen-sim://';

/** Templates of the URIs, as clients list them. */
export const RESOURCE_TEMPLATES: readonly ResourceTemplate[] = [
  {
    uriTemplate: `${PREFIX}receipts/{receiptId}`,
    name: 'receipt',
    title: 'A receipt',
    description: 'The JSON of a receipt, exactly as it was saved.',
    mimeType: 'application/json',
  },
  {
    uriTemplate: `${PREFIX}memory/{agentId}`,
    name: 'memory',
    title: "An agent's memory",
    description: 'The JSON of the current memory.',
    mimeType: 'application/json',
  },
  {
    uriTemplate: `${PREFIX}memory/{agentId}/{version}`,
    name: 'memory-version',
    title: "A version of an agent's memory",
    description: 'The JSON of one version, which never changes.',
    mimeType: 'application/json',
  },
  {
    uriTemplate: `${PREFIX}audit/{date}`,
    name: 'audit-day',
    title: 'The audit trail of a day',
    description: 'The first entries of a day (UTC, YYYY-MM-DD), oldest first, and their number.',
    mimeType: 'application/json',
  },
];

export const receiptUri = (receiptId: string): string => `${PREFIX}receipts/${encodeURIComponent(receiptId)}`;
export const memoryUri = (agentId: string): string => `${PREFIX}memory/${encodeURIComponent(agentId)}`;
export const auditUri = (date: string): string => `${PREFIX}audit/${date}`;

/** Returns what a URI names, or undefined for a URI of another form. */
export function parseUri(uri: string): ResourceName | undefined {
  if (!uri.startsWith(PREFIX)) return undefined;
  const [kind, ...segments] = uri.slice(PREFIX.length).split('/');
  const [first = '', second, ...further] = segments.map(decoded);
  if (first === '' || further.length > 0) return undefined;
  if (kind === 'memory') return memoryName(first, second);
  if (second !== undefined) return undefined;
  if (kind === 'receipts') return { kind: 'receipt', receiptId: first };
  return kind === 'audit' && isDate(first) ? { kind: 'audit', date: first } : undefined;
}

function memoryName(agentId: string, version: string | undefined): ResourceName | undefined {
  if (version === undefined) return { kind: 'memory', agentId };
  return /^[1-9]\d{0,14}$/u.test(version) ? { kind: 'memory', agentId, version: Number(version) } : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // A 31st of February is read as a day of March.
  return !Number.isNaN(date.getTime()) && date.toJSON().startsWith(text);
}
