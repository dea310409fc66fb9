import { checkText, invalid, type Field } from './arguments.ts';
import { momentOf, MS_PER_DAY, spanBefore, toTimeText } from './timestamps.ts';

/** Milliseconds of each unit of a span. */
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: MS_PER_DAY,
  w: 7 * MS_PER_DAY,
};

/**
 * Checks an end of a period: a date, a time, or a span before now (`2h`, `3d`).
 * @returns the time in the form of this program
 * @throws {PersistenceError} INVALID_ARGUMENT
 */
export function checkPeriodEnd(field: Field, given: unknown, now: Date): string {
  const text = checkText(field, given).trim();
  const span = /^(?<count>\d+) ?(?<unit>[smhdw])$/u.exec(text)?.groups;
  if (span) return spanBefore(now, Number(span['count']) * (UNIT_MS[span['unit'] ?? ''] ?? 0));
  const moment = momentOf(text);
  if (moment === null) {
    throw invalid(
      field,
      given,
      'a time such as 2026-01-31 or 2026-01-31T12:00:00Z, or a span such as 2h or 3d',
    );
  }
  return toTimeText(moment);
}
