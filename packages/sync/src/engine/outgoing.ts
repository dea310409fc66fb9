/** Entries of the change log as they are sent. */
import type { ChangeData, ChangeEvent, Persistence } from '@ggen-sim/core';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { PushedChange, PushedEntry } from '../contract/sync-target.ts';

/** A batch ends after so many entries, or this size of their rows. */
export const BATCH_ENTRIES = 500;
const BATCH_CHARACTERS = 1_048_576;

/** Entries to send. */
export interface Outgoing {
  readonly entries: readonly PushedEntry[];
  /** Rows that cannot travel, because another program stored bytes or great integers in them. */
  readonly unsendable: number;
}

/** Reads the next entries after a number. */
export async function readOutgoing(database: Persistence, after: number): Promise<Outgoing> {
  const entries: PushedEntry[] = [];
  let characters = 0;
  let unsendable = 0;
  for await (const event of database.changes({ after, rows: true, limit: BATCH_ENTRIES })) {
    const change = changeOf(event);
    if (change === 'unsendable') unsendable++;
    const sent = change === 'unsendable' ? null : change;
    entries.push({ seq: event.data.seq, leaf: event.data.leaf, change: sent });
    characters += sent?.content?.length ?? 0;
    if (characters >= BATCH_CHARACTERS) break;
  }
  return { entries, unsendable };
}

function changeOf({ data }: ChangeEvent): PushedChange | 'unsendable' | null {
  if (data.kind === 'rows.deleted' || data.kind === 'rows.redacted') return removalOf(data);
  const { table, row, parent = null } = data;
  if (table === null || !row || data.kind.startsWith('rows.')) return null;
  const id = 'auditId' in row ? row.auditId : 'receiptId' in row ? row.receiptId : row.agentId;
  const content = encodeRow(row);
  if (content === undefined || typeof id !== 'string') return 'unsendable';
  return { kind: 'saved', table, id, content, parent, leaves: [], redactedLeaves: [], reason: null };
}

/** Only what somebody asked for travels: a cleanup and a retention policy are about one database. */
function removalOf({ kind, table, details, row }: ChangeData): PushedChange | null {
  const { cause, reason, id: deletedId, ids, entries } = details ?? {};
  const id = kind === 'rows.deleted' ? deletedId : Array.isArray(ids) ? (ids as unknown[])[0] : undefined;
  if (cause !== 'request' || table === null || typeof id !== 'string') return null;
  const pairs = (Array.isArray(entries) ? entries : []) as readonly (readonly [number, string, string])[];
  return {
    kind: kind === 'rows.deleted' ? 'deleted' : 'redacted',
    table,
    id,
    content: row ? (encodeRow(row) ?? null) : null,
    parent: null,
    leaves: pairs.map(([, leaf]) => toHex(leaf)),
    redactedLeaves: pairs.map(([, , leaf]) => toHex(leaf)),
    reason: typeof reason === 'string' ? reason : null,
  };
}

/** @returns undefined for a row with a value that JSON does not have */
function encodeRow(row: object): string | undefined {
  const isPlain = Object.values(row).every(
    (value) => value === null || typeof value === 'string' || Number.isFinite(value),
  );
  return isPlain ? JSON.stringify(row) : undefined;
}

function toHex(base64: string): string {
  return bytesToHex(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
