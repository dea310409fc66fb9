import { checkOutcome, type Check } from '../goals/goal.ts';
import { formatNumber } from './numbers.ts';

/** A figure of a goal with its limit: `1,000 rows 0.83 × (at most 1 ×)`. */
export function checkText(check: Check): string {
  const { at, value, limit, must, unit } = check;
  const wanted = `(${must} ${formatNumber(limit)} ${unit})`;
  if (value === undefined) return `${at} not measured ${wanted}`;
  const mark = checkOutcome(check) === 'missed' ? ' missed' : '';
  return `${at} ${formatNumber(value)} ${unit} ${wanted}${mark}`;
}
