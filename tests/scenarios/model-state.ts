/** The model: three arrays in the order of their rowids, with the behaviour that the interface promises. */
import type { AuditRow, MemoryRow, ReceiptRow } from '../../packages/core/src/api/persistence.ts';

/** Stored rows. A state is never changed in place, so that several possible states can share rows. */
export interface ModelState {
  readonly receipts: readonly ReceiptRow[];
  readonly memories: readonly MemoryRow[];
  readonly audits: readonly AuditRow[];
}

export const EMPTY_STATE: ModelState = { receipts: [], memories: [], audits: [] };

const MS_PER_DAY = 86_400_000;

/** Formats a time as the tables store it. */
export function storedTime(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

/** Returns the time `days` ago, or a text before all times if the year would be negative. */
export function daysAgo(now: Date, days: number): string {
  const moment = new Date(now.getTime() - days * MS_PER_DAY);
  return moment.getUTCFullYear() >= 0 ? storedTime(moment) : '';
}

/** Sorts rows as every query does: newest first, within a second the last written first. */
export function newestFirst<Row>(rows: readonly Row[], timeOf: (row: Row) => string): Row[] {
  const order = rows.map((row, rowid) => ({ row, rowid, time: timeOf(row) }));
  order.sort((a, b) => (a.time === b.time ? b.rowid - a.rowid : a.time < b.time ? 1 : -1));
  return order.map(({ row }) => row);
}

/** Returns every row of a state, each table newest first, as reads return them. */
export function contentOf(state: ModelState): ModelState {
  return {
    receipts: newestFirst(state.receipts, ({ createdAt }) => createdAt),
    memories: newestFirst(state.memories, ({ lastUpdated }) => lastUpdated),
    audits: newestFirst(state.audits, ({ timestamp }) => timestamp),
  };
}

/** Prepares a text as SQLite's LIKE sees it: it ends at NUL, and U+FFFE and U+FFFF become U+FFFD. */
function asLikeSeesIt(text: string): string[] {
  const lower = (text.split('\0', 1)[0] ?? '').replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return Array.from(lower.replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD'));
}

/** Splits a pattern into its characters, an escaped one with its backslash. Any other backslash is escaped as well. */
function charactersOf(pattern: string): string[] {
  const units: string[] = [];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    const next = characters[index + 1];
    if (character === '*') units.push('%');
    else if (character !== '\\') units.push(character);
    else if (next !== undefined && '%_*\\'.includes(next)) units.push(`\\${characters[++index]}`);
    else units.push('\\\\');
  }
  return units;
}

/** Matches like SQL LIKE, with `*` for `%` and backslashes as escapes. Without a pattern every text matches. */
export function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined || /^[%*]+$/.test(pattern)) return true;
  // NUL ends the pattern, and characters are folded, before and after it is split alike.
  const wanted = charactersOf(asLikeSeesIt(pattern).join(''));
  const seen = asLikeSeesIt(text);
  // Lengths of the text's prefixes that the pattern so far can match.
  let reached = new Set([0]);
  for (const character of wanted) {
    const next = new Set<number>();
    if (character === '%') {
      for (let end = Math.min(...reached); end <= seen.length; end++) next.add(end);
    } else {
      for (const end of reached) {
        if (end < seen.length && (character === '_' || character.replace(/^\\/, '') === seen[end]))
          next.add(end + 1);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(seen.length);
}

/** Compares texts as SQLite's BINARY collation does: by their bytes in UTF-8, which is by code points. */
export function byteOrder(first: string, second: string): number {
  const [a, b] = [first, second].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
