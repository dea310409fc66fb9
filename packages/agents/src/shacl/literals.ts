import type { Literal, Term } from '@rdfjs/types';
import { XSD } from '../rdf/namespaces.ts';
import { compareText } from '../rdf/terms.ts';
import { type CalendarValue, compareCalendar, isCalendarType, parseCalendar } from './calendar.ts';
import { compareDurations, type Duration, isDurationType, parseDuration } from './duration.ts';
import { compareExact, type ExactNumber, parseExact, toDouble } from './exact-number.ts';
import { translatePattern } from './xpath-pattern.ts';

const INTEGER_RANGES: ReadonlyMap<string, readonly [min: bigint | null, max: bigint | null]> = new Map([
  ['integer', [null, null]],
  ['long', [-(2n ** 63n), 2n ** 63n - 1n]],
  ['int', [-(2n ** 31n), 2n ** 31n - 1n]],
  ['short', [-(2n ** 15n), 2n ** 15n - 1n]],
  ['byte', [-128n, 127n]],
  ['nonNegativeInteger', [0n, null]],
  ['positiveInteger', [1n, null]],
  ['nonPositiveInteger', [null, 0n]],
  ['negativeInteger', [null, -1n]],
  ['unsignedLong', [0n, 2n ** 64n - 1n]],
  ['unsignedInt', [0n, 2n ** 32n - 1n]],
  ['unsignedShort', [0n, 2n ** 16n - 1n]],
  ['unsignedByte', [0n, 255n]],
]);

const FLOAT = /^[+-]?(?=\.?\d)\d*(?:\.\d*)?(?:[eE][+-]?\d+)?$/;
const FLOAT_NAMES: ReadonlyMap<string, number> = new Map([
  ['INF', Infinity],
  ['+INF', Infinity],
  ['-INF', -Infinity],
  ['NaN', NaN],
]);

const NO_COLON_NAME = translatePattern(String.raw`^[\i-[:]][\c-[:]]*$`, '');
/** Lexical forms of XML names (XML Schema 1.1 part 2, sections 3.4.4 to 3.4.10), which the engine does not check. */
const NAME_FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['NMTOKEN', translatePattern(String.raw`^\c+$`, '')],
  ['Name', translatePattern(String.raw`^\i\c*$`, '')],
  ['NCName', NO_COLON_NAME],
  ['ID', NO_COLON_NAME],
  ['IDREF', NO_COLON_NAME],
  ['ENTITY', NO_COLON_NAME],
]);

/** Value that can be compared with values of the same `kind`; the two kinds of number also with each other. */
type Comparable =
  | { readonly kind: 'exact'; readonly value: ExactNumber }
  /** `xsd:float` has single precision. */
  | { readonly kind: 'float'; readonly value: number; readonly isSingle: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'calendar'; readonly value: CalendarValue }
  | { readonly kind: 'duration'; readonly value: Duration };

/**
 * True when a literal's text belongs to its datatype. `undefined` for datatypes other than XML Schema's numbers, boolean,
 * dates, times, durations and names; the caller checks those by other means.
 */
export function isWellFormed(literal: Literal): boolean | undefined {
  const name = xsdName(literal);
  if (name === undefined) return undefined;
  if (name === 'boolean') return /^(?:true|false|0|1)$/.test(literal.value);
  if (INTEGER_RANGES.has(name) || name === 'decimal') return exactNumber(name, literal.value) !== undefined;
  if (name === 'double' || name === 'float') return float(literal.value) !== undefined;
  if (isDurationType(name)) return parseDuration(name, literal.value) !== undefined;
  const names = NAME_FORMS.get(name);
  if (names !== undefined) return names.test(literal.value);
  return isCalendarType(name) ? parseCalendar(name, literal.value) !== undefined : undefined;
}

/** True for a well-formed literal of `xsd:integer` or a datatype derived from it. */
export function isInteger(term: Term): boolean {
  if (term.termType !== 'Literal') return false;
  const name = xsdName(term);
  return name !== undefined && INTEGER_RANGES.has(name) && isWellFormed(term) === true;
}

/**
 * Orders two terms as SPARQL's `<` does, which SHACL refers to (SHACL, section 4.3): integers and decimals exactly,
 * strings by code point, times by instant, durations and times without a zone as far as their order is certain.
 *
 * @returns negative, zero or positive; `null` when the terms cannot be compared: they are not literals, their kinds
 *   differ, a text does not belong to its datatype, or their order is not certain
 */
export function compareLiterals(a: Term | undefined, b: Term | undefined): number | null {
  const left = comparableOf(a);
  const right = comparableOf(b);
  if (left === undefined || right === undefined) return null;
  if (left.kind === 'exact' && right.kind === 'exact') return compareExact(left.value, right.value);
  if (isNumber(left) && isNumber(right)) return compareFloats(left, right);
  if (left.kind === 'text' && right.kind === 'text') return compareText(left.value, right.value);
  if (left.kind === 'boolean' && right.kind === 'boolean') return Number(left.value) - Number(right.value);
  if (left.kind === 'calendar' && right.kind === 'calendar') return compareCalendar(left.value, right.value);
  if (left.kind === 'duration' && right.kind === 'duration') return compareDurations(left.value, right.value);
  return null;
}

type NumberValue = Extract<Comparable, { kind: 'exact' | 'float' }>;

function isNumber(value: Comparable): value is NumberValue {
  return value.kind === 'exact' || value.kind === 'float';
}

/** Orders two numbers of which one at least is floating-point. An exact one takes the precision of the other. */
function compareFloats(a: NumberValue, b: NumberValue): number | null {
  const isSingle = [a, b].every((value) => value.kind === 'exact' || value.isSingle);
  const [left, right] = [a, b].map((value) => {
    const number = value.kind === 'float' ? value.value : toDouble(value.value);
    return isSingle ? Math.fround(number) : number;
  }) as [number, number];
  if (Number.isNaN(left) || Number.isNaN(right)) return null;
  return left < right ? -1 : left > right ? 1 : 0;
}

function xsdName(literal: Literal): string | undefined {
  const iri = literal.datatype.value;
  return iri.startsWith(XSD) ? iri.slice(XSD.length) : undefined;
}

function comparableOf(term: Term | undefined): Comparable | undefined {
  if (term?.termType !== 'Literal') return undefined;
  const name = xsdName(term);
  if (name === undefined) return undefined;
  if (name === 'string') return { kind: 'text', value: term.value };
  if (name === 'boolean') {
    if (isWellFormed(term) !== true) return undefined;
    return { kind: 'boolean', value: term.value === 'true' || term.value === '1' };
  }
  if (INTEGER_RANGES.has(name) || name === 'decimal') {
    return comparable('exact', exactNumber(name, term.value));
  }
  if (name === 'double' || name === 'float') {
    const value = float(term.value);
    const isSingle = name === 'float';
    return value === undefined
      ? undefined
      : { kind: 'float', value: isSingle ? Math.fround(value) : value, isSingle };
  }
  if (isDurationType(name)) return comparable('duration', parseDuration(name, term.value));
  return comparable('calendar', parseCalendar(name, term.value));
}

function comparable<Kind extends 'exact' | 'calendar' | 'duration'>(
  kind: Kind,
  value: Extract<Comparable, { kind: Kind }>['value'] | undefined,
): Comparable | undefined {
  return value === undefined ? undefined : ({ kind, value } as Comparable);
}

function exactNumber(name: string, text: string): ExactNumber | undefined {
  const value = parseExact(text);
  const range = INTEGER_RANGES.get(name);
  if (value === undefined || range === undefined) return value;
  const [min, max] = range;
  const { digits } = value;
  const inRange = (min === null || digits >= min) && (max === null || digits <= max);
  return inRange && !text.includes('.') ? value : undefined;
}

function float(text: string): number | undefined {
  return FLOAT_NAMES.get(text) ?? (FLOAT.test(text) ? Number(text) : undefined);
}
