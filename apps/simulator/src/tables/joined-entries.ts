/** The audit trail with the beginning and the end of each operation as one row. */
import type { AuditRow } from '@ggen-sim/core';
import { textOf } from '../components/printable.ts';
import type { Order } from './row-order.ts';

/** An operation: its latest entry, and the one that tells its beginning. */
export interface JoinedEntry {
  /** The end, or the beginning while no end is known. */
  entry: AuditRow;
  /** The beginning of an operation whose end is `entry`; undefined where none is known. */
  start: AuditRow | undefined;
}

/** Entries of one operation that wait for their partner, the latest last. Of more, the oldest are given up. */
const MAX_WAITING = 200;

/** Statuses that end what has `started`. A `retry` stands alone. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'failed']);

/**
 * Joins entries that come in the order of their times. Nothing in an entry names its partner: the two have the agent, the
 * operation and its type in common, and mostly the details. Of several that wait, the one with the same details is taken,
 * else the nearest, so operations of one kind at the same time may be mixed up where their details differ.
 */
export class EntryJoiner {
  readonly #waiting = new Map<string, JoinedEntry[]>();
  readonly #endsFirst: boolean;

  /** @param order - `newest-first` has the end of an operation before its beginning */
  constructor(order: 'newest-first' | 'oldest-first') {
    this.#endsFirst = order === 'newest-first';
  }

  /**
   * Takes the next entry. One whose partner was returned before is added to that.
   *
   * @returns the row of an entry whose partner has not come yet
   */
  add(entry: AuditRow): JoinedEntry | undefined {
    const isStart = entry.status === 'started';
    if (!isStart && !ENDS.has(entry.status)) return { entry, start: undefined };
    const key = JSON.stringify([entry.agentId, entry.operation, entry.operationType].map(String));
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, waiting);
    if (isStart !== this.#endsFirst) {
      const row = { entry, start: undefined };
      waiting.push(row);
      if (waiting.length > MAX_WAITING) waiting.shift();
      return row;
    }
    const same = waiting.findLastIndex((row) => row.entry.details === entry.details);
    const [partner] = waiting.splice(same < 0 ? -1 : same, 1);
    if (partner === undefined) return { entry, start: undefined };
    if (isStart) partner.start = entry;
    else {
      partner.start = partner.entry;
      partner.entry = entry;
    }
    return undefined;
  }
}

/** Joins the entries of a query. In an order by duration, partners are not near each other, and entries stay as they are. */
export async function* joinEntries(
  entries: AsyncIterable<AuditRow>,
  order: Order,
): AsyncGenerator<JoinedEntry> {
  const joiner = order === 'newest-first' || order === 'oldest-first' ? new EntryJoiner(order) : undefined;
  for await (const entry of entries) {
    const row = joiner === undefined ? { entry, start: undefined } : joiner.add(entry);
    if (row !== undefined) yield row;
  }
}

/** Returns how long an operation took: as it was stored, else between the times of its entries, in whole seconds. */
export function durationOf({ entry, start }: Readonly<JoinedEntry>): number | bigint | null {
  const { durationMs, status } = entry;
  if (status === 'started') return null;
  // Many programs store no duration, which is 0.
  if (start === undefined || (durationMs !== 0 && durationMs !== null)) return durationMs;
  const elapsedMs = timeOf(entry) - timeOf(start);
  return elapsedMs > 0 ? elapsedMs : durationMs;
}

function timeOf({ timestamp }: AuditRow): number {
  return Date.parse(`${textOf(timestamp).replace(' ', 'T')}Z`);
}
