import { expect, test } from 'vitest';
import { durationRange, markName, namedMarks } from '../src/chart/duration-marks.ts';

test('names of marks do not lie over another, however far the durations are apart', () => {
  expect(namedMarks(...durationRange(10, 9000)).map(markName)).toEqual(['10 ms', '100 ms', '1 s', '10 s']);
  expect(namedMarks(...durationRange(1, 9_000_000_000)).map(markName)).toEqual([
    '1 ms',
    '100 ms',
    '10 s',
    '10 min',
    '10 h',
    '100 d',
  ]);
});
