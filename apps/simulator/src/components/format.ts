/** Numbers, sizes and times as the page writes them: always the same way, whatever the machine's language. */

const wholeNumber = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`. */
export function formatCount(count: number): string {
  return wholeNumber.format(count);
}

/** `850 ms`, `1.24 s`, `3 min 05 s`. */
export function formatDuration(durationMs: number | null | undefined): string {
  if (durationMs === null || durationMs === undefined) return '–';
  if (durationMs < 10 && !Number.isInteger(durationMs)) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(2)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${formatCount(Math.floor(seconds / 60))} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** `512 B`, `48 KiB`, `1.2 MiB`: powers of 1024, as `ls` and the browsers count. */
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

/** `1 receipt`, `2 receipts`. */
export function formatPlural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** An id whose end tells it from its neighbours; the whole of it is in the row's details. */
export function endOfId(id: string, length: number = 18): string {
  return id.length <= length ? id : `…${id.slice(1 - length)}`;
}

/** A hash or an id, short enough for a column; the whole of it is in the row's details. */
export function shortId(id: string, length: number = 12): string {
  return id.length <= length ? id : `${id.slice(0, length)}…`;
}
