import { expect, it } from 'vitest';
import { readWholeRange, writeWholeRange } from '../../src/contract/whole-range.ts';

it('a range of any size is transferred in calls that the system accepts, and short ones are continued', () => {
  const calls: [number, number][] = [];
  const transferred = readWholeRange(3 * 2 ** 30, (start, lengthBytes) => {
    calls.push([start, lengthBytes]);
    return start === 0 ? 1000 : lengthBytes;
  });
  expect(transferred).toBe(3 * 2 ** 30);
  expect(Math.max(...calls.map(([, lengthBytes]) => lengthBytes))).toBeLessThan(2 ** 31);
  expect(calls[1]?.[0]).toBe(1000);
  expect(readWholeRange(10, (start) => (start === 0 ? 4 : 0))).toBe(4);
  expect(() => writeWholeRange(10, (start) => (start === 0 ? 4 : 0))).toThrow(/nothing was written/);
});
