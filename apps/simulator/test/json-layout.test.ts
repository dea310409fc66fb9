import { expect, it } from 'vitest';
import { withLayout, withoutLayout } from '../src/components/json-layout.ts';

it.each([
  null,
  'text with {braces}, [brackets], "quotes: { }, [ ]", \\ and \n lines',
  {},
  [],
  [[], {}, [[]]],
  { a: { b: [1, 'two', { c: null }], d: {} }, 'e:f': [true, false], '': '' },
])('lays out %j as JSON.stringify does', (value) => {
  const laidOut = JSON.stringify(value, null, 2);
  const compact = JSON.stringify(value);
  for (const json of [laidOut, compact, `\t${laidOut}\r\n`]) {
    expect(withLayout(json)).toBe(laidOut);
    expect(withoutLayout(json)).toBe(compact);
  }
});

it('changes no number, and no string of any length', () => {
  const json = String.raw`{"n":9007199254740993,"x":1.0,"e":1E5,"s":"\u00e9","twice":1,"twice":2}`;
  expect(withoutLayout(withLayout(json))).toBe(json);
  const long = JSON.stringify(['"\\'.repeat(5_000_000)]);
  expect(withoutLayout(withLayout(long))).toBe(long);
});
