/** Texts and numbers as the page shows them. */
import { expect, it } from 'vitest';
import { durationRange } from '../src/chart/duration-marks.ts';
import { endOfId, formatDuration, shortId, toMilliseconds } from '../src/components/format.ts';
import { printable, printableJson } from '../src/components/printable.ts';

it.each([
  ['validator-\u202E1-rotadilav', String.raw`validator-\u202e1-rotadilav`],
  ['a\u2066b\u2069\u200Fc\u061C', String.raw`a\u2066b\u2069\u200fc\u061c`],
  ['zero\u200Bwidth\uFEFF', String.raw`zero\u200bwidth\ufeff`],
  ['line\nbreak\u2028', String.raw`line\u000abreak\u2028`],
  ['\u{E0041}', String.raw`\udb40\udc41`],
  ['👩\u200D🔬 שלום é', '👩\u200D🔬 שלום é'],
])('shows what is invisible in %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
  const json = JSON.stringify({ text }, null, 2);
  expect(JSON.parse(printableJson(json))).toEqual({ text });
  expect(printableJson(json)).toContain('{\n  "text"');
});

it.each([
  [new Uint8Array(3), '{"base64":"AAAA"}'],
  [42, '42'],
  [2n ** 60n, '1152921504606846976'],
  [null, ''],
])('shows %s, which another program stored in a text column', (stored, shown) => {
  expect(printable(stored)).toBe(shown);
  expect(printableJson(stored)).toBe(shown);
  expect(shortId(stored, 30)).toBe(shown);
  expect(endOfId(stored, 30)).toBe(shown);
});

it('shows a duration that is not a number as it is stored, and counts it as none', () => {
  expect(formatDuration('soon')).toBe('soon');
  expect(formatDuration(new Uint8Array(3))).toBe('{"base64":"AAAA"}');
  expect(toMilliseconds('soon')).toBe(0);
});

it.each([
  [null, '–'],
  [850, '850 ms'],
  [1240, '1.24 s'],
  [185_000, '3 min 05 s'],
  [600_000, '10 min 00 s'],
  [3_599_600, '1 h 00 min'],
  [93_900_000, '26 h 05 min'],
  [9_000_000_000, '104 d 04 h'],
])('shows %s ms as %s', (durationMs, shown) => {
  expect(formatDuration(durationMs)).toBe(shown);
});

it('cuts no character in two', () => {
  const family = '👩\u200D👩\u200D👧\u200D👦';
  expect(endOfId(family.repeat(20), 4)).toBe(`…${family.repeat(3)}`);
  expect(shortId(family.repeat(20), 3)).toBe(`${family.repeat(3)}…`);
  expect(endOfId(family.repeat(3), 4)).toBe(family.repeat(3));
  expect(shortId('e\u0301'.repeat(5), 5)).toBe('e\u0301'.repeat(5));
  expect(shortId('a'.repeat(5_000_000), 3)).toBe('aaa…');
});

it('puts any durations on an axis, with room below the shortest', () => {
  for (const [least, most] of [
    [null, null],
    [0, 0],
    [4, 9_000_000_000],
    [500, 700],
    [1e15, 1e15],
  ] as const) {
    const [from, to] = durationRange(least, most);
    expect(from).toBeLessThan(Math.max(least ?? 1, 1));
    expect(to).toBeGreaterThan(from);
    expect(to).toBeGreaterThanOrEqual(most ?? 1);
  }
});
