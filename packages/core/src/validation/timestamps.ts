/** Times as the tables hold them: UTC `YYYY-MM-DD HH:MM:SS`, what SQLite's CURRENT_TIMESTAMP writes. */

const MS_PER_DAY = 86_400_000;
const EARLIEST = '0000-01-01 00:00:00';

/** A moment as stored in the tables. */
export function toTimestamp(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

/** A moment as shown in reports: ISO 8601 with Z, whole seconds. */
export function toIsoTime(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/** A moment for file names: `YYYYMMDD-HHMMSS`. */
export function toFileStamp(moment: Date): string {
  return toTimestamp(moment).replaceAll(/[-:]/g, '').replace(' ', '-');
}

/** The moment so many days before, as stored in the tables. */
export function daysBefore(moment: Date, days: number): string {
  const earlier = new Date(moment.getTime() - days * MS_PER_DAY);
  return Number.isNaN(earlier.getTime()) || earlier.getUTCFullYear() < 0 ? EARLIEST : toTimestamp(earlier);
}
