/** What entries say of redacted content and of holds, collected from the last entry back, and compared with what is stored. */
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type { TableName } from '../api/persistence.ts';
import { isHeld } from '../schema/holds.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { parseRedacted } from '../tables/redaction.ts';
import type { AnyTable } from '../tables/table.ts';
import { fromBase64 } from '../exports/base64.ts';

/** What a redaction says of an entry. */
export interface RedactionOfEntry {
  /** Number of the entry that says so. */
  readonly by: number;
  readonly table: TableName;
  /** Hash of the entry. */
  readonly leaf: Uint8Array;
  /** Hash of what is stored since. */
  readonly redactedLeaf: Uint8Array;
}

/** A hold that the log tells of. */
interface LoggedHold {
  readonly table: TableName;
  readonly id: string;
  readonly seq: number;
}

/** Redactions and holds. Memory: some hundred bytes for each. */
export class RemovalCheck {
  readonly #redactions: Map<number, RedactionOfEntry> = new Map();
  /** The latest of each record; undefined where the hold has ended. */
  readonly #holds: Map<string, LoggedHold | undefined> = new Map();
  /** Number of entries whose content was redacted. */
  entriesRedacted = 0;

  /** Follows an entry of redacted content. @returns false when it does not count what it names */
  followRedaction(seq: number, members: Readonly<Record<string, unknown>>): boolean {
    const { table, entries, count } = members;
    const name = TABLE_NAMES.find((each) => each === table);
    const pairs = Array.isArray(entries) ? (entries as unknown[]) : [];
    for (const pair of pairs) {
      const [number, ...hashes] = Array.isArray(pair) ? (pair as unknown[]) : [];
      const [leaf, redactedLeaf] = hashes.map((hash) =>
        typeof hash === 'string' ? fromBase64(hash) : undefined,
      );
      if (name === undefined || typeof number !== 'number' || number >= seq || !leaf || !redactedLeaf)
        return false;
      if (!this.#redactions.has(number)) {
        this.#redactions.set(number, { by: seq, table: name, leaf, redactedLeaf });
      }
    }
    return pairs.length === count;
  }

  /** Follows an entry of a hold, or of its end. */
  followHold(seq: number, isHold: boolean, members: Readonly<Record<string, unknown>>): void {
    const { table, id } = members;
    const name = TABLE_NAMES.find((each) => each === table);
    if (name === undefined || typeof id !== 'string') return;
    const key = `${name}:${id}`;
    if (!this.#holds.has(key)) this.#holds.set(key, isHold ? { table: name, id, seq } : undefined);
  }

  /** Takes what a later entry says of the redaction of an entry. */
  takeRedaction(seq: number, table: TableName): RedactionOfEntry | undefined {
    const redaction = this.#redactions.get(seq);
    if (redaction?.table !== table) return undefined;
    this.#redactions.delete(seq);
    this.entriesRedacted++;
    return redaction;
  }

  /** Lists redactions of entries that are not there, and holds that are not there any more. */
  *problems(connection: SqliteConnection): Generator<string> {
    for (const [seq, { by }] of this.#redactions) {
      yield `entry ${by} of the change log says that entry ${seq} was redacted, but there is no such entry`;
    }
    for (const hold of this.#holds.values()) {
      if (hold === undefined || isHeld(connection, hold.table, hold.id)) continue;
      yield `the hold of ${JSON.stringify(hold.id)} in ${hold.table} (entry ${hold.seq} of the change log) was removed by another program`;
    }
  }
}

/** True for values whose content was replaced by its hash. */
export function isRedacted({ columns, contentColumns }: AnyTable, values: readonly SqlValue[]): boolean {
  return contentColumns.every((name) => {
    const value = values[columns.findIndex(({ column }) => column === name)] ?? null;
    return value === null || parseRedacted(value) !== undefined;
  });
}
