/** Formats for numbers, sizes and durations, the same in every locale. */

import { printable, textOf } from './printable.ts';

const WHOLE_NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Digits of a hash that tell the versions of one memory apart. */
const SHOWN_DIGITS = 8;

/** Shortens the hash of a version. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHOWN_DIGITS);
}

/** Formats as `12,345`. */
export function formatCount(count: number): string {
  return WHOLE_NUMBER.format(count);
}

/**
 * Makes a number of a stored duration. Another program may have stored an integer beyond 2^53, which is a bigint, or what
 * is not a number, which counts as none.
 */
export function toMilliseconds(stored: unknown): number {
  return typeof stored === 'number' || typeof stored === 'bigint' ? Number(stored) : 0;
}

/** Formats as `850 ms`, `1.24 s`, `3 min 05 s`, `26 h 05 min` or `104 d 04 h`. */
export function formatDuration(stored: unknown): string {
  if (stored === null || stored === undefined) return '–';
  if (typeof stored !== 'number' && typeof stored !== 'bigint') return printable(stored);
  const durationMs = toMilliseconds(stored);
  if (durationMs < 10 && !Number.isInteger(durationMs)) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(2)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds >= 3600) {
    const minutes = Math.round(seconds / 60);
    const hours = Math.round(minutes / 60);
    if (hours >= 48) {
      return `${formatCount(Math.floor(hours / 24))} d ${String(hours % 24).padStart(2, '0')} h`;
    }
    return `${formatCount(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
  }
  return `${formatCount(Math.floor(seconds / 60))} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Formats as `512 B`, `48 KiB` or `1.2 MiB`, in powers of 1024 like `ls` and browsers. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? formatCount(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Formats as `1 receipt` or `2 receipts`. */
export function formatPlural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Characters as readers see them: an emoji of several code points is one. */
const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Looked at before a text is cut: a character may have many code points, a text megabytes. */
const CODE_UNITS_PER_CHARACTER = 64;

/** Shortens an id to its end, where it differs from its neighbours. The record's page shows the whole id. */
export function endOfId(stored: unknown, length: number = 18): string {
  const id = textOf(stored);
  if (id.length <= length) return id;
  const characters = charactersOf(id.slice(-length * CODE_UNITS_PER_CHARACTER));
  return characters.length <= length && id.length <= length * CODE_UNITS_PER_CHARACTER
    ? id
    : `…${characters.slice(1 - length).join('')}`;
}

/** Shortens a hash or an id to its start. The record's page shows the whole of it. */
export function shortId(stored: unknown, length: number = 12): string {
  const id = textOf(stored);
  if (id.length <= length) return id;
  const characters = charactersOf(id.slice(0, length * CODE_UNITS_PER_CHARACTER));
  return characters.length <= length && id.length <= length * CODE_UNITS_PER_CHARACTER
    ? id
    : `${characters.slice(0, length).join('')}…`;
}

function charactersOf(text: string): string[] {
  return Array.from(CHARACTERS.segment(text), ({ segment }) => segment);
}
