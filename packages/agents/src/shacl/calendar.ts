import { addExact, compareExact, type ExactNumber, parseExact } from './exact-number.ts';

const YEAR = String.raw`(?<year>-?(?:[1-9]\d{3,}|0\d{3}))`;
const MONTH = String.raw`(?<month>0[1-9]|1[0-2])`;
const DAY = String.raw`(?<day>0[1-9]|[12]\d|3[01])`;
const TIME = String.raw`(?:(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d(?:\.\d+)?)|(?<midnight>24:00:00(?:\.0+)?))`;
const ZONE = String.raw`(?<zone>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))`;

/** Lexical forms of XML Schema 1.1 part 2, section 3.3. */
const FORMS: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    dateTime: `${YEAR}-${MONTH}-${DAY}T${TIME}${ZONE}?`,
    dateTimeStamp: `${YEAR}-${MONTH}-${DAY}T${TIME}${ZONE}`,
    date: `${YEAR}-${MONTH}-${DAY}${ZONE}?`,
    time: `${TIME}${ZONE}?`,
    gYear: `${YEAR}${ZONE}?`,
    gYearMonth: `${YEAR}-${MONTH}${ZONE}?`,
    gMonthDay: `--${MONTH}-${DAY}${ZONE}?`,
    gMonth: `--${MONTH}${ZONE}?`,
    gDay: `---${DAY}${ZONE}?`,
  }).map(([name, form]) => [name, new RegExp(`^${form}$`)]),
);

/** Leap year in which a day without a year lies. */
const DEFAULT_YEAR = 1972n;
const ZERO: ExactNumber = { digits: 0n, scale: 0 };
const SECONDS_PER_DAY = 86_400n;
/** Largest offset of a time zone. A time without zone may be this much earlier or later. */
const MAX_OFFSET_SECONDS = 14n * 3600n;

/** Value of one of the date and time datatypes. */
export interface CalendarValue {
  readonly type: string;
  readonly hasZone: boolean;
  /** Seconds since 1970 in UTC, or in the unknown local time of a value without a zone. */
  readonly seconds: ExactNumber;
}

/** True for the local name of a date or time datatype of XML Schema. */
export function isCalendarType(name: string): boolean {
  return FORMS.has(name);
}

/** Parses a date or time; `undefined` for a text that does not belong to the datatype, such as 30 February. */
export function parseCalendar(name: string, text: string): CalendarValue | undefined {
  const parts: Partial<Record<string, string>> | undefined = FORMS.get(name)?.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const year = parts['year'] === undefined ? DEFAULT_YEAR : BigInt(parts['year']);
  const month = Number(parts['month'] ?? 1);
  const day = Number(parts['day'] ?? 1);
  if (day > daysInMonth(year, month)) return undefined;
  // Midnight at the end of a day is the next day's first moment. A time of day has no next day.
  const hours = parts['midnight'] === undefined || name === 'time' ? Number(parts['hour'] ?? 0) : 24;
  const whole =
    (daysSince1970(year, month) + BigInt(day - 1)) * SECONDS_PER_DAY +
    BigInt(hours * 3600 + Number(parts['minute'] ?? 0) * 60 - zoneSeconds(parts['zone']));
  return {
    type: name === 'dateTimeStamp' ? 'dateTime' : name,
    hasZone: parts['zone'] !== undefined,
    seconds: addExact({ digits: whole, scale: 0 }, parseExact(parts['second'] ?? '0') ?? ZERO),
  };
}

/**
 * Orders two values of one type; `null` when the order is unknown: types differ, or only one has a zone and the other may
 * lie on either side of it (XML Schema 1.1 part 2, section 3.3.7).
 */
export function compareCalendar(a: CalendarValue, b: CalendarValue): number | null {
  if (a.type !== b.type) return null;
  if (a.hasZone === b.hasZone) return compareExact(a.seconds, b.seconds);
  const shifted = (seconds: bigint): number =>
    compareExact(addExact(a.seconds, { digits: seconds, scale: 0 }), b.seconds);
  if (shifted(MAX_OFFSET_SECONDS) < 0) return -1;
  return shifted(-MAX_OFFSET_SECONDS) > 0 ? 1 : null;
}

/** Counts the days from 1 January 1970 to the first day of a month in the proleptic Gregorian calendar. */
export function daysSince1970(year: bigint, month: number): bigint {
  // A year from March to February has its leap day at the end.
  const marchYear = month > 2 ? year : year - 1n;
  const monthsSinceMarch = BigInt((month + 9) % 12);
  const leapDays = floorDivide(marchYear, 4n) - floorDivide(marchYear, 100n) + floorDivide(marchYear, 400n);
  return marchYear * 365n + leapDays + (monthsSinceMarch * 153n + 2n) / 5n - 719_468n;
}

function daysInMonth(year: bigint, month: number): number {
  const next = month === 12 ? daysSince1970(year + 1n, 1) : daysSince1970(year, month + 1);
  return Number(next - daysSince1970(year, month));
}

/** Divides and rounds down. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}

function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
