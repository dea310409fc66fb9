import { DataFactory } from 'n3';
import { describe, expect, it } from 'vitest';
import type { Literal } from '@rdfjs/types';
import { XSD } from '../src/rdf/namespaces.ts';
import { compareLiterals, isWellFormed } from '../src/shacl/literals.ts';

function literal(value: string, type: string): Literal {
  return DataFactory.literal(value, DataFactory.namedNode(XSD + type));
}

describe('well-formed literals', () => {
  it.each([
    ['integer', ['0', '-1', '+1', '007', '99999999999999999999'], ['', '1.0', '1e3', ' 1', 'abc', '-']],
    ['int', ['2147483647', '-2147483648'], ['2147483648', '-2147483649']],
    ['byte', ['127', '-128'], ['128', '-129']],
    ['unsignedByte', ['255', '0', '-0'], ['256', '-1']],
    ['positiveInteger', ['1'], ['0', '-1']],
    ['nonPositiveInteger', ['0', '-1'], ['1']],
    ['decimal', ['1.0', '.5', '5.', '-0.1', '3'], ['.', '+-5', '1e3', 'INF']],
    ['double', ['1e3', '1.5E-7', 'INF', '-INF', 'NaN', '3'], ['1e', 'inf', '', 'e3']],
    ['boolean', ['true', 'false', '1', '0'], ['TRUE', 'yes', '']],
    [
      'date',
      [
        '300000-02-29',
        '-300000-02-29',
        '2024-02-29',
        '2000-02-29',
        '-0044-03-15',
        '2024-01-31Z',
        '2024-01-31+14:00',
      ],
      [
        '300001-02-29',
        '2023-02-29',
        '1900-02-29',
        '2024-13-01',
        '2024-04-31',
        '24-01-01',
        '2024-01-31+14:01',
      ],
    ],
    [
      'dateTime',
      ['2024-01-31T23:59:59.999', '2024-01-31T24:00:00Z', '12024-01-31T00:00:00-05:30'],
      ['2024-01-31', '2024-01-31T24:00:01', '2024-01-31T12:60:00', '2024-01-31 12:00:00'],
    ],
    ['dateTimeStamp', ['2024-01-31T12:00:00Z'], ['2024-01-31T12:00:00']],
    [
      'duration',
      ['P1Y', 'P1Y2M3DT4H5M6.7S', '-P0D', 'PT0S', 'P0Y', 'PT99999999999999999999S'],
      ['P', 'PT', 'P1YT', 'P1S', 'P1M1Y', 'P-1D', '1Y', 'PT1.S', 'P1.5D', '+P1D'],
    ],
    ['dayTimeDuration', ['P1D', 'PT1M', 'P1DT1S'], ['P1Y', 'P1M', 'P', 'P1DT']],
    ['yearMonthDuration', ['P1Y', 'P13M', '-P1Y1M'], ['P1D', 'P1YT1S', 'P']],
    ['time', ['00:00:00', '23:59:59.5Z'], ['25:00:00', '12:00']],
    ['NCName', ['é1', '_a.b-c'], ['a:b', '1a', 'a b', '']],
    ['Name', ['a:b', ':'], ['-a', '']],
    ['NMTOKEN', ['1-a:b'], ['a b', '']],
    ['gYear', ['2024', '-0001Z'], ['24', '02024']],
    ['gYearMonth', ['2024-12'], ['2024-13']],
    ['gMonthDay', ['--02-29', '--12-31Z'], ['--02-30', '12-31']],
    ['gMonth', ['--12'], ['12', '--13']],
    ['gDay', ['---31'], ['---32', '31']],
  ])('xsd:%s', (type, good, bad) => {
    expect(good.filter((text) => isWellFormed(literal(text, type)) !== true)).toEqual([]);
    expect(bad.filter((text) => isWellFormed(literal(text, type)) !== false)).toEqual([]);
  });

  it('returns undefined for other datatypes', () => {
    expect(isWellFormed(literal('x', 'anyURI'))).toBeUndefined();
    expect(
      isWellFormed(DataFactory.literal('x', DataFactory.namedNode('http://example.org/type'))),
    ).toBeUndefined();
  });
});

describe('the order of literals', () => {
  it.each([
    ['9007199254740992', 'integer', '9007199254740993', 'long'],
    ['0.1', 'decimal', '0.10000000000000000001', 'decimal'],
    ['-2', 'integer', '-1.5', 'decimal'],
    ['1', 'integer', '1.5', 'double'],
    ['-INF', 'double', '-1e308', 'double'],
    ['B', 'string', 'a', 'string'],
    ['\uFFFD', 'string', '\u{10000}', 'string'],
    ['false', 'boolean', '1', 'boolean'],
    ['2024-01-31', 'date', '2024-02-01', 'date'],
    ['9999-12-31', 'date', '10000-01-01', 'date'],
    ['-0044-03-15', 'date', '0044-03-15', 'date'],
    ['2024-01-01T00:00:00+02:00', 'dateTime', '2023-12-31T23:00:00Z', 'dateTimeStamp'],
    ['2024-01-01T00:00:00.1', 'dateTime', '2024-01-01T00:00:00.2', 'dateTime'],
    ['23:00:00+05:00', 'time', '19:00:00Z', 'time'],
    ['00:00:00', 'time', '00:00:01', 'time'],
    ['24:00:00', 'time', '00:00:01', 'time'],
    ['2024-12-31T24:00:00', 'dateTime', '2025-01-01T00:00:01', 'dateTime'],
    // Years and days beyond those of JavaScript.
    ['275760-09-13', 'date', '275760-09-14', 'date'],
    ['-9999999-01-01', 'date', '-9999998-12-31', 'date'],
    ['99999999999999999999', 'gYear', '100000000000000000000', 'gYear'],
    ['-300000', 'gYear', '300000', 'gYear'],
    ['-0001', 'gYear', '0000', 'gYear'],
    ['1000000-01', 'gYearMonth', '1000000-02', 'gYearMonth'],
    ['2024-01-01T00:00:00.123456788Z', 'dateTime', '2024-01-01T00:00:00.123456789Z', 'dateTime'],
    ['12:00:00.0000000000000000001', 'time', '12:00:00.0000000000000000002', 'time'],
    // One without a zone, more than 14 hours apart.
    ['2024-01-01T00:00:00', 'dateTime', '2024-01-01T14:00:01Z', 'dateTime'],
    ['2024-01-01T09:59:59Z', 'dateTime', '2024-01-02T00:00:00', 'dateTime'],
    ['2024-01-01', 'date', '2024-01-03Z', 'date'],
    // Single precision.
    ['16777216', 'float', '16777218', 'float'],
    ['0.1', 'double', '0.1', 'float'],
    ['3.4028235e38', 'float', '1e39', 'float'],
    // Durations whose order is the same from every month.
    ['PT36H', 'duration', 'P2D', 'dayTimeDuration'],
    ['P11M', 'yearMonthDuration', 'P1Y', 'duration'],
    ['P1M', 'duration', 'P32D', 'duration'],
    ['P27D', 'dayTimeDuration', 'P1M', 'yearMonthDuration'],
    ['-P1D', 'duration', 'PT0S', 'duration'],
    ['PT0.000000001S', 'duration', 'PT0.000000002S', 'duration'],
    ['P99999999999999999998Y', 'duration', 'P99999999999999999999Y', 'duration'],
  ])('puts %s (%s) before %s (%s)', (a, typeA, b, typeB) => {
    expect(compareLiterals(literal(a, typeA), literal(b, typeB))).toBeLessThan(0);
    expect(compareLiterals(literal(b, typeB), literal(a, typeA))).toBeGreaterThan(0);
    expect(compareLiterals(literal(a, typeA), literal(a, typeA))).toBe(0);
  });

  it.each([
    ['1', 'integer', '1', 'string'],
    ['abc', 'integer', '1', 'integer'],
    ['NaN', 'double', '1', 'integer'],
    ['2024-01-01', 'date', '2024-01-01T00:00:00', 'dateTime'],
    ['2024-01-01T00:00:00', 'dateTime', '2024-01-01T14:00:00Z', 'dateTime'],
    ['P1M', 'duration', 'P30D', 'duration'],
    ['P1M', 'yearMonthDuration', 'P28D', 'dayTimeDuration'],
    ['P1Y', 'duration', 'P365DT1S', 'duration'],
    ['P', 'duration', 'P1D', 'duration'],
    ['a', 'anyURI', 'b', 'anyURI'],
  ])('does not order %s (%s) and %s (%s)', (a, typeA, b, typeB) => {
    expect(compareLiterals(literal(a, typeA), literal(b, typeB))).toBeNull();
  });

  it.each([
    ['16777217', 'float', '16777216', 'float'],
    ['0.1', 'decimal', '0.1', 'float'],
    ['16777217', 'integer', '16777216', 'float'],
    ['P12M', 'duration', 'P1Y', 'yearMonthDuration'],
    ['P1DT24H', 'duration', 'P2D', 'dayTimeDuration'],
    ['24:00:00', 'time', '00:00:00', 'time'],
    ['2024-01-01T24:00:00Z', 'dateTime', '2024-01-02T00:00:00.000Z', 'dateTime'],
    ['2024-02-29+14:00', 'date', '2024-02-28-10:00', 'date'],
  ])('holds %s (%s) and %s (%s) for equal', (a, typeA, b, typeB) => {
    expect(compareLiterals(literal(a, typeA), literal(b, typeB))).toBe(0);
  });

  it('does not order other terms', () => {
    expect(compareLiterals(DataFactory.namedNode('a:b'), literal('1', 'integer'))).toBeNull();
    expect(compareLiterals(DataFactory.literal('a', 'en'), DataFactory.literal('b', 'en'))).toBeNull();
    expect(compareLiterals(undefined, literal('1', 'integer'))).toBeNull();
  });
});
