import { daysSince1970, floorDivide } from './calendar.ts';
import { addExact, compareExact, type ExactNumber, parseExact } from './exact-number.ts';

/** Value of a duration datatype: months and seconds, because a month has no fixed number of seconds. */
export interface Duration {
  readonly months: bigint;
  readonly seconds: ExactNumber;
}

const YEARS_MONTHS = String.raw`(?:(?<years>\d+)Y)?(?:(?<months>\d+)M)?`;
const DAYS_TIME = String.raw`(?:(?<days>\d+)D)?(?:T(?=\d)(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+(?:\.\d+)?)S)?)?`;

/** Lexical forms of XML Schema 1.1 part 2, sections 3.3.6, 3.4.26 and 3.4.27. */
const FORMS: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    duration: YEARS_MONTHS + DAYS_TIME,
    yearMonthDuration: YEARS_MONTHS,
    dayTimeDuration: DAYS_TIME,
  }).map(([name, form]) => [name, new RegExp(String.raw`^(?<sign>-?)P(?=\d|T\d)${form}$`)]),
);

/** Months, as year and month, to which XML Schema adds durations in order to compare them (part 2, section 3.3.6.1). */
const REFERENCES: readonly (readonly [year: bigint, month: number])[] = [
  [1696n, 9],
  [1697n, 2],
  [1903n, 3],
  [1903n, 7],
];

/** True for the local name of a duration datatype of XML Schema. */
export function isDurationType(name: string): boolean {
  return FORMS.has(name);
}

/** Parses a duration; `undefined` for a text that does not belong to the datatype. */
export function parseDuration(name: string, text: string): Duration | undefined {
  const parts: Partial<Record<string, string>> | undefined = FORMS.get(name)?.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const whole = (part: string): bigint => BigInt(parts[part] ?? 0);
  const sign = parts['sign'] === '-' ? -1n : 1n;
  const minutes = (whole('days') * 24n + whole('hours')) * 60n + whole('minutes');
  const { digits, scale } = addExact(
    { digits: minutes * 60n, scale: 0 },
    parseExact(parts['seconds'] ?? '0') ?? { digits: 0n, scale: 0 },
  );
  return {
    months: sign * (whole('years') * 12n + whole('months')),
    seconds: { digits: sign * digits, scale },
  };
}

/** Orders two durations; `null` when the order depends on the month they begin in, as for `P1M` and `P30D`. */
export function compareDurations(a: Duration, b: Duration): number | null {
  const [first, ...others] = REFERENCES.map(([year, month]) =>
    compareExact(after(year, month, a), after(year, month, b)),
  );
  return first !== undefined && others.every((order) => order === first) ? first : null;
}

/** Returns the moment at which a duration ends that begins with a month, in seconds since 1970. */
function after(year: bigint, month: number, { months, seconds }: Duration): ExactNumber {
  const total = year * 12n + BigInt(month - 1) + months;
  const endYear = floorDivide(total, 12n);
  const days = daysSince1970(endYear, Number(total - endYear * 12n) + 1);
  return addExact({ digits: days * 86_400n, scale: 0 }, seconds);
}
