/** The model: three arrays, in the order of their rowids. What the interface promises, without a database. */
import type { AuditRow, MemoryRow, ReceiptRow } from '../../packages/core/src/api/persistence.ts';

/** What is stored. Never changed in place, so that several possible states can share rows. */
export interface ModelState {
  readonly receipts: readonly ReceiptRow[];
  readonly memories: readonly MemoryRow[];
  readonly audits: readonly AuditRow[];
}

export const EMPTY_STATE: ModelState = { receipts: [], memories: [], audits: [] };

const MS_PER_DAY = 86_400_000;

/** A time as the tables hold it. */
export function storedTime(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

/** The time so many days ago, or one before all others. */
export function daysAgo(now: Date, days: number): string {
  const moment = new Date(now.getTime() - days * MS_PER_DAY);
  return moment.getUTCFullYear() >= 0 ? storedTime(moment) : '';
}

/** Rows as every query gives them: by time, within a second the last one written first. */
export function newestFirst<Row>(rows: readonly Row[], timeOf: (row: Row) => string): Row[] {
  const order = rows.map((row, rowid) => ({ row, rowid, time: timeOf(row) }));
  order.sort((a, b) => (a.time === b.time ? b.rowid - a.rowid : a.time < b.time ? 1 : -1));
  return order.map(({ row }) => row);
}

/** Every row of a state, each table newest first: what can be read of it. */
export function contentOf(state: ModelState): ModelState {
  return {
    receipts: newestFirst(state.receipts, ({ createdAt }) => createdAt),
    memories: newestFirst(state.memories, ({ lastUpdated }) => lastUpdated),
    audits: newestFirst(state.audits, ({ timestamp }) => timestamp),
  };
}

/** SQLite's LIKE reads its texts as C strings, which end at NUL, and takes U+FFFE and U+FFFF for U+FFFD. */
function asLikeSeesIt(text: string): string[] {
  const lower = (text.split('\0', 1)[0] ?? '').replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return Array.from(lower.replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD'));
}

/** SQL LIKE with `*` for `%`, and nothing left out where no pattern is asked for. */
export function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined || /^[%*]+$/.test(pattern)) return true;
  const wanted = asLikeSeesIt(pattern.replaceAll('*', '%'));
  const seen = asLikeSeesIt(text);
  // Which prefixes of the text the pattern so far can match.
  let reached = new Set([0]);
  for (const character of wanted) {
    const next = new Set<number>();
    if (character === '%') {
      for (let end = Math.min(...reached); end <= seen.length; end++) next.add(end);
    } else {
      for (const end of reached) {
        if (end < seen.length && (character === '_' || character === seen[end])) next.add(end + 1);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(seen.length);
}

/** Texts as SQLite's BINARY collation orders them: by their bytes in UTF-8, which is by code points. */
export function byteOrder(first: string, second: string): number {
  const [a, b] = [first, second].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
