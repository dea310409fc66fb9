import { expect, it } from 'vitest';
import { withLayout, withoutLayout, withSortedMembers } from '../src/components/json-layout.ts';

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

it.each([
  ['{"b":{"d":1,"c":[{"z":"}","y":{}},[]]},"a":1.0}', '{"a":1.0,"b":{"c":[{"y":{},"z":"}"},[]],"d":1}}'],
  ['[{"b":1 , "a":2},{}]', '[{"a":2,"b":1},{}]'],
  ['{"twice":2,"twice":1,"":0}', '{"":0,"twice":2,"twice":1}'],
  [' "text" ', '"text"'],
])('puts the members of %s in order', (json, sorted) => {
  expect(withSortedMembers(json)).toBe(sorted);
});
