/** Rows of a query as a chart. */
import { expect, it } from 'vitest';
import { chartDataOf, MAX_SERIES } from '../src/sql/chart-data.ts';

const chart = (columns: readonly string[], ...rows: readonly (string | number | bigint | null)[][]) =>
  chartDataOf({ columns, rows, hasMore: false });

it('takes days and times in UTC as an axis, in their order', () => {
  for (const [earlier, later, seconds] of [
    ['2026-01-01', '2026-01-02', 86_400],
    ['2026-01-01 00', '2026-01-01 01', 3600],
    ['2026-01-01 00:00:00', '2026-01-01T00:00:01.5Z', 1.5],
  ] as const) {
    const data = chart(['day', 'runs'], [later, 2], [null, 9], [earlier, 1]);
    expect(data?.axis.kind).toBe('time');
    const [first = 0, second = 0] = data?.axis.values ?? [];
    expect(second - first).toBe(seconds);
    expect(data?.series).toEqual([{ name: 'runs', values: [1, 2] }]);
  }
  expect(chart(['t', 'n'], ['1970-01-01 00:00:10', 1])?.axis.values).toEqual([10]);
});

it('takes numbers as an axis where others are drawn, and names as places', () => {
  expect(chart(['x', 'y'], [3, 1n], [1, null])).toEqual({
    axisName: 'x',
    axis: { kind: 'number', values: [1, 3] },
    series: [{ name: 'y', values: [null, 1] }],
    omitted: 0,
  });
  expect(chart(['agent', 'runs'], ['b', 1], [null, 2], ['2026-01-01', 3])?.axis).toEqual({
    kind: 'rows',
    values: [0, 1, 2],
    labels: ['b', 'NULL', '2026-01-01'],
  });
});

it('draws the only column of numbers by the number of its row', () => {
  expect(chart(['n'], [5], [4])).toEqual({
    axisName: undefined,
    axis: { kind: 'rows', values: [0, 1], labels: ['1', '2'] },
    series: [{ name: 'n', values: [5, 4] }],
    omitted: 0,
  });
});

it('draws what is all numbers, and no more than one can tell apart', () => {
  expect(chart(['a', 'mixed'], ['x', 1], ['y', 'two'])).toBeUndefined();
  expect(chart(['a', 'none'], ['x', null])).toBeUndefined();
  const columns = Array.from({ length: MAX_SERIES + 3 }, (_, index) => `n${index}`);
  const data = chart(['a', ...columns], ['x', ...columns.map((_, index) => index)]);
  expect(data?.series).toHaveLength(MAX_SERIES);
  expect(data?.omitted).toBe(3);
});
