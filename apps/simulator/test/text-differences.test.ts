/** Differences between two texts of any length: where they are, and that they make one text of the other. */
import { Chunk } from '@codemirror/merge';
import { Text } from '@codemirror/state';
import { expect, it } from 'vitest';
import { DIFF_CONFIG, differencesBetween } from '../src/editor/text-differences.ts';

/** Makes one text of the other, and returns the number of its changed places. */
function placesBetween(text: string, other: string): number {
  let applied = '';
  let [end, otherEnd] = [0, 0];
  for (const { fromA, toA, fromB, toB } of differencesBetween(text, other)) {
    expect(text.slice(end, fromA) === other.slice(otherEnd, fromB)).toBe(true);
    applied += text.slice(end, fromA) + other.slice(fromB, toB);
    [end, otherEnd] = [toA, toB];
  }
  expect(applied + text.slice(end) === other).toBe(true);
  const [left, right] = [text, other].map((each) => Text.of(each.split('\n'))) as [Text, Text];
  return Chunk.build(left, right, DIFF_CONFIG).length;
}

const MANY = 40_000;

it.each([
  ['different lines', (index: number) => `"member ${index}": ${index},`],
  [
    'lines that are there again and again',
    (index: number) => (index % 3 === 0 ? '}, {' : `"n": ${index % 7},`),
  ],
  ['one and the same line', () => '0,'],
])('three places of a megabyte with %s are three', (_, lineOf) => {
  const lines = Array.from({ length: MANY }, (__, index) => lineOf(index).padEnd(25));
  const other = [...lines];
  other.splice(MANY - 100, 1, 'another line', 'and one more');
  other.splice(20_000, 2, 'one in place of two');
  other[50] = 'another beginning';
  expect(placesBetween(lines.join('\n'), other.join('\n'))).toBe(3);
});

it('a place with thousands of lines takes no other one with it', () => {
  const lines = Array.from({ length: MANY }, (_, index) => `"member ${index}": ${index},`);
  const other = lines.with(50, 'another beginning').with(MANY - 50, 'another end');
  other.splice(20_000, 10, ...Array.from({ length: 9000 }, (_, index) => `"added ${index}": ${index},`));
  expect(placesBetween(lines.join('\n'), other.join('\n'))).toBe(3);
});

it('characters of a changed line are told apart, and those of a long one are one change', () => {
  expect(differencesBetween('a\n"one": 1,\nb', 'a\n"one": 2,\nb')).toEqual([
    expect.objectContaining({ fromA: 9, toA: 10, fromB: 9, toB: 10 }),
  ]);
  const long = 'x'.repeat(3_000_000);
  expect(placesBetween(`a${long}b`, `c${long}d`)).toBe(1);
  expect(placesBetween('', '')).toBe(0);
  expect(placesBetween('', 'a\n\nb')).toBe(1);
  expect(placesBetween('a\n', '')).toBe(1);
});

it('any two texts', () => {
  let state = 7;
  // The generator of POSIX, of which the low bits are left out.
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
  for (let round = 0; round < 300; round++) {
    const kinds = 1 + below(30);
    const lines = (): string[] => Array.from({ length: below(60) }, () => `${below(kinds)} é😀`);
    const [one, other] = [lines().join('\n'), lines().join('\n')];
    expect(placesBetween(one, other) === 0).toBe(one === other);
  }
});

it('texts that have nothing in common, or every second line', () => {
  const of = (name: string): string[] => Array.from({ length: MANY }, (_, index) => `${name} ${index}`);
  expect(placesBetween(of('one').join('\n'), of('two').join('\n'))).toBe(1);
  const every = of('one').map((line, index) => (index % 2 === 0 ? line : 'other'));
  expect(placesBetween(of('one').join('\n'), every.join('\n'))).toBeGreaterThan(1);
});
