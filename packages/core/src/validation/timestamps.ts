/**
 * Times as this program stores them: UTC `YYYY-MM-DD HH:MM:SS`, as SQLite's CURRENT_TIMESTAMP writes them. Other programs
 * store other forms of times, which {@link momentOf} reads.
 */

export const MS_PER_DAY = 86_400_000;
const EARLIEST = '0000-01-01 00:00:00';
const LATEST = '9999-12-31 23:59:59.999';

/** 1970-01-01 as a Julian day. */
const EPOCH_JULIAN_DAY = 2_440_587.5;
/** First Julian day that SQLite's date functions refuse: the first of the year 10000. */
const END_OF_JULIAN_DAYS = 5_373_484.5;
/** Numbers from here are milliseconds. As seconds it is the year 5138, as milliseconds 1973. */
const FIRST_MILLISECOND_COUNT = 1e11;
const END_OF_MOMENTS_MS = 253_402_300_800_000;

/** Date, then perhaps the time with seconds and a fraction, then perhaps `Z` or an offset (ISO 8601, RFC 3339). */
const TIME_TEXT =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?(Z)| ?([+-])(\d\d)(?::?(\d\d))?)?$/i;

/** The form that the tables have, which almost every text is. */
const STORED_TEXT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** Formats a time as stored in the tables. */
export function toTimestamp(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * Formats a moment as stored in the tables, with its milliseconds where it has any: so it sorts after its second.
 * @param momentMs - milliseconds since 1970. One before the year 0 is taken for the earliest time,
 *   one after the year 9999 for the latest
 */
export function toTimeText(momentMs: number): string {
  const moment = new Date(momentMs);
  if (moment.getUTCFullYear() < 0) return EARLIEST;
  if (moment.getUTCFullYear() > 9999) return LATEST;
  return moment
    .toISOString()
    .replace('T', ' ')
    .replace(/(?:\.000)?Z$/, '');
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
  return spanBefore(moment, days * MS_PER_DAY);
}

/** Returns the time this many milliseconds earlier, as stored in the tables: in whole seconds. */
export function spanBefore(moment: Date, spanMs: number): string {
  const earlier = new Date(moment.getTime() - spanMs);
  return Number.isNaN(earlier.getTime()) || earlier.getUTCFullYear() < 0 ? EARLIEST : toTimestamp(earlier);
}

/** A form in which a number states a moment. In each form, greater numbers are later. */
interface TimeNumber {
  /** Greatest number of this form, exclusive. */
  readonly below: number;
  readonly toMoment: (value: number) => number;
  readonly fromMoment: (momentMs: number) => number;
}

/**
 * Forms of numbers, in ascending order: seconds before 1970, Julian days, seconds, milliseconds. SQLite's modifier `auto`
 * tells Julian days from seconds by the same bounds.
 */
export const TIME_NUMBERS: readonly TimeNumber[] = [
  { below: 0, toMoment: (value) => value * 1000, fromMoment: (momentMs) => momentMs / 1000 },
  {
    below: END_OF_JULIAN_DAYS,
    toMoment: (value) => (value - EPOCH_JULIAN_DAY) * MS_PER_DAY,
    fromMoment: (momentMs) => momentMs / MS_PER_DAY + EPOCH_JULIAN_DAY,
  },
  {
    below: FIRST_MILLISECOND_COUNT,
    toMoment: (value) => value * 1000,
    fromMoment: (momentMs) => momentMs / 1000,
  },
  { below: END_OF_MOMENTS_MS, toMoment: (value) => value, fromMoment: (momentMs) => momentMs },
];

/**
 * Reads a stored time: text of a date, perhaps with a time, a fraction and an offset; a Julian day; seconds or
 * milliseconds since 1970. Text without an offset is UTC.
 * @returns whole milliseconds since 1970; null for what is not a time
 */
export function momentOf(value: unknown): number | null {
  if (typeof value === 'string') return momentOfText(value);
  if (typeof value !== 'number') return null;
  const form = TIME_NUMBERS.find(({ below }) => value < below);
  const moment = form === undefined ? NaN : Math.round(form.toMoment(value));
  return Math.abs(moment) < END_OF_MOMENTS_MS ? moment : null;
}

/** Reads the form of the tables by its digits: a million rows are read without a Date or a new text for each. */
function momentOfStored(text: string): number {
  const digits = (from: number, to: number): number => {
    let number = 0;
    for (let index = from; index < to; index++) number = number * 10 + text.charCodeAt(index) - 48;
    return number;
  };
  const [year, month, day] = [digits(0, 4), digits(5, 7), digits(8, 10)];
  const [hour, minute, second] = [digits(11, 13), digits(14, 16), digits(17, 19)];
  // What is no time is read below.
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > 31) return NaN;
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  const moment = Date.UTC(year, month - 1, day, hour, minute, second);
  // Every month has 28 days; Date.UTC takes February 30 for March 2.
  return day > 28 && new Date(moment).getUTCDate() !== day ? NaN : moment;
}

function momentOfText(text: string): number | null {
  const stored = STORED_TEXT.test(text) ? momentOfStored(text) : NaN;
  if (!Number.isNaN(stored)) return stored;
  const parts = TIME_TEXT.exec(text);
  if (parts === null) return null;
  const [, date = '', hour = '00', minute = '00', second = '00', fraction = '', , sign, hours, minutes] =
    parts;
  const moment = Date.parse(`${date}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  // Date.parse takes February 30 for March 2.
  if (Number.isNaN(moment) || new Date(moment).toISOString().slice(0, 10) !== date) return null;
  const [offsetHours, offsetMinutes] = [Number(hours ?? 0), Number(minutes ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return sign === '-' ? moment + offsetMs : moment - offsetMs;
}

/**
 * Shows a stored time of any form as UTC `YYYY-MM-DD HH:MM:SS`, for people. What is not a time is shown as it is.
 * @param time - a time of a row, which other programs may have stored as a number or a BLOB
 */
export function showTime(time: unknown): string {
  const moment = momentOf(time);
  if (moment !== null) return toTimestamp(new Date(moment));
  if (time instanceof Uint8Array) return `a BLOB of ${time.length} bytes`;
  if (typeof time === 'number' || typeof time === 'bigint') return String(time);
  return typeof time === 'string' ? time : '';
}

/** Describes a stored time that is not one. @returns the problem, or undefined */
export function timeProblem(column: string, value: unknown): string | undefined {
  if (momentOf(value) !== null) return undefined;
  if (value === null) return `${column} is NULL, which is not a time`;
  const shown = typeof value === 'string' ? JSON.stringify(value) : showTime(value);
  return `${column} is ${shown}, which is not a time`;
}
