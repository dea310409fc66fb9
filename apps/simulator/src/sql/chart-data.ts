import type { SqlResult, SqlResultValue } from '@ggen-sim/core';
import { textOf } from '../components/printable.ts';

/** The horizontal axis of a chart: times in seconds since 1970, numbers, or one place for each row. */
export type ChartAxis =
  | { readonly kind: 'time' | 'number'; readonly values: readonly number[] }
  | { readonly kind: 'rows'; readonly values: readonly number[]; readonly labels: readonly string[] };

/** One column of numbers as a line or bars. */
export interface ChartSeries {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** The rows of a query as a chart. */
export interface ChartData {
  /** Name of the column on the horizontal axis; undefined where that is the number of the row. */
  readonly axisName: string | undefined;
  readonly axis: ChartAxis;
  readonly series: readonly ChartSeries[];
  /** Columns of numbers that are left out, because nobody could tell so many apart. */
  readonly omitted: number;
}

/** True for a chart of bars: one column of numbers by names. */
export function isDrawnAsBars({ axis, series }: Pick<ChartData, 'axis' | 'series'>): boolean {
  return axis.kind === 'rows' && series.length === 1;
}

/** Most lines of one chart. */
export const MAX_SERIES = 6;

const TIME =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[ T](?<hour>\d{2})(?::(?<minute>\d{2})(?::(?<second>\d{2}(?:\.\d+)?))?)?Z?)?$/;

/**
 * Makes a chart of rows: the first column is the horizontal axis, and each column of numbers is a line. A first column of
 * numbers is drawn itself where it is the only one.
 *
 * @returns undefined when no column has only numbers
 */
export function chartDataOf({ columns, rows }: SqlResult): ChartData | undefined {
  const numeric = columns.flatMap((_, index) => (isNumeric(rows, index) ? [index] : []));
  if (numeric.length === 0) return undefined;
  const axisColumn = numeric.length === 1 && numeric[0] === 0 ? undefined : 0;
  const drawn = numeric.filter((index) => index !== axisColumn);
  const { axis, order } = axisOf(rows, axisColumn, numeric.includes(0));
  return {
    axisName: axisColumn === undefined ? undefined : columns[axisColumn],
    axis,
    series: drawn.slice(0, MAX_SERIES).map((index) => ({
      name: columns[index] ?? '',
      values: order.map((row) => numberOf(rows[row]?.[index])),
    })),
    omitted: Math.max(0, drawn.length - MAX_SERIES),
  };
}

/** Returns the axis, and the rows in its order. Rows without a value on an axis of times or numbers are left out. */
function axisOf(
  rows: SqlResult['rows'],
  column: number | undefined,
  isNumber: boolean,
): { axis: ChartAxis; order: number[] } {
  if (column !== undefined) {
    const read = isNumber ? numberOf : secondsOf;
    const places = rows.flatMap((row, index) => {
      const value = read(row[column]);
      return value === null ? [] : [{ index, value }];
    });
    const isOrdered = isNumber || rows.every((row) => row[column] === null || read(row[column]) !== null);
    if (isOrdered && places.length > 0) {
      places.sort((left, right) => left.value - right.value);
      const values = places.map(({ value }) => value);
      const order = places.map(({ index }) => index);
      return { axis: { kind: isNumber ? 'number' : 'time', values }, order };
    }
  }
  const order = rows.map((_, index) => index);
  const labels = rows.map((row, index) => (column === undefined ? String(index + 1) : labelOf(row[column])));
  return { axis: { kind: 'rows', values: order, labels }, order };
}

function isNumeric(rows: SqlResult['rows'], column: number): boolean {
  let any = false;
  for (const row of rows) {
    const value = row[column] ?? null;
    if (value === null) continue;
    if (typeof value !== 'number' && typeof value !== 'bigint') return false;
    any = true;
  }
  return any;
}

function numberOf(value: SqlResultValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}

/** Reads a date, or a date and a time in UTC, as SQLite writes them. */
function secondsOf(value: SqlResultValue | undefined): number | null {
  const parts = typeof value === 'string' ? TIME.exec(value)?.groups : undefined;
  if (parts === undefined) return null;
  const { date = '', hour = '00', minute = '00', second = '00' } = parts;
  const milliseconds = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

function labelOf(value: SqlResultValue | undefined): string {
  return value === null || value === undefined ? 'NULL' : textOf(value);
}
