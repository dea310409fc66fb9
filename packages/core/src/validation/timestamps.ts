/** Times as the tables hold them: UTC `YYYY-MM-DD HH:MM:SS`, as SQLite's CURRENT_TIMESTAMP writes them. */

const MS_PER_DAY = 86_400_000;
const EARLIEST = '0000-01-01 00:00:00';

/** Formats a time as stored in the tables. */
export function toTimestamp(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

/** Formats a time for reports: ISO 8601 with Z, whole seconds. */
export function toIsoTime(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/** Formats a time for file names: `YYYYMMDD-HHMMSS`. */
export function toFileStamp(moment: Date): string {
  return toTimestamp(moment).replaceAll(/[-:]/g, '').replace(' ', '-');
}

/** Returns the time this many days earlier, as stored in the tables. */
export function daysBefore(moment: Date, days: number): string {
  const earlier = new Date(moment.getTime() - days * MS_PER_DAY);
  return Number.isNaN(earlier.getTime()) || earlier.getUTCFullYear() < 0 ? EARLIEST : toTimestamp(earlier);
}
