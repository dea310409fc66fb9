import type { Literal, Term } from '@rdfjs/types';
import { XSD } from '../rdf/namespaces.ts';
import { compareText } from '../rdf/terms.ts';

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

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?$/;
const FLOAT = /^[+-]?(?=\.?\d)\d*(?:\.\d*)?(?:[eE][+-]?\d+)?$/;
const FLOAT_NAMES: ReadonlyMap<string, number> = new Map([
  ['INF', Infinity],
  ['+INF', Infinity],
  ['-INF', -Infinity],
  ['NaN', NaN],
]);

const YEAR = String.raw`(?<year>-?(?:[1-9]\d{3,}|0\d{3}))`;
const MONTH = String.raw`(?<month>0[1-9]|1[0-2])`;
const DAY = String.raw`(?<day>0[1-9]|[12]\d|3[01])`;
const TIME = String.raw`(?:(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d(?:\.\d+)?)|(?<midnight>24:00:00(?:\.0+)?))`;
const ZONE = String.raw`(?<zone>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))`;

/** Lexical forms of XML Schema 1.1 part 2, section 3.3. */
const CALENDAR_FORMS: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    dateTime: `${YEAR}-${MONTH}-${DAY}T${TIME}${ZONE}?`,
    dateTimeStamp: `${YEAR}-${MONTH}-${DAY}T${TIME}${ZONE}`,
    date: `${YEAR}-${MONTH}-${DAY}${ZONE}?`,
    time: `${TIME}${ZONE}?`,
    gYear: `${YEAR}${ZONE}?`,
    gYearMonth: `${YEAR}-${MONTH}${ZONE}?`,
    gMonthDay: `--${MONTH}-${DAY}${ZONE}?`,
    gMonth: `--${MONTH}${ZONE}?`,
    gDay: `---${DAY}${ZONE}?`,
  }).map(([name, form]) => [name, new RegExp(`^${form}$`)]),
);

/** Value that can be compared with values of the same `kind`. */
type Comparable =
  | { readonly kind: 'exact'; readonly digits: bigint; readonly scale: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** Position on a type's scale (`date`, `date with zone`, `boolean`). */
  | { readonly kind: 'point'; readonly scale: string; readonly position: number };

/**
 * True when a literal's text belongs to its datatype. `undefined` for datatypes other than XML Schema's numbers, boolean
 * and calendar types; the caller checks those by other means.
 */
export function isWellFormed(literal: Literal): boolean | undefined {
  const name = xsdName(literal);
  if (name === undefined) return undefined;
  if (name === 'boolean') return /^(?:true|false|0|1)$/.test(literal.value);
  if (INTEGER_RANGES.has(name) || name === 'decimal') return exactNumber(name, literal.value) !== undefined;
  if (name === 'double' || name === 'float') return float(literal.value) !== undefined;
  return CALENDAR_FORMS.has(name) ? calendarParts(name, literal.value) !== undefined : undefined;
}

/** True for a well-formed literal of `xsd:integer` or a datatype derived from it. */
export function isInteger(term: Term): boolean {
  if (term.termType !== 'Literal') return false;
  const name = xsdName(term);
  return name !== undefined && INTEGER_RANGES.has(name) && isWellFormed(term) === true;
}

/**
 * Orders two terms as SPARQL's `<` does, which SHACL refers to (SHACL, section 4.3): integers and decimals exactly,
 * strings by code point, times by instant.
 *
 * @returns negative, zero or positive; `null` when the terms cannot be compared: they are not literals, their kinds
 *   differ, a text does not belong to its datatype, or only one has a time zone
 */
export function compareLiterals(a: Term | undefined, b: Term | undefined): number | null {
  const left = comparableOf(a);
  const right = comparableOf(b);
  if (left === undefined || right === undefined) return null;
  if (left.kind === 'exact' && right.kind === 'exact') {
    const scale = Math.max(left.scale, right.scale);
    const difference = scaled(left, scale) - scaled(right, scale);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (isNumber(left) && isNumber(right)) return compareFloats(toFloat(left), toFloat(right));
  if (left.kind === 'text' && right.kind === 'text') return compareText(left.value, right.value);
  if (left.kind !== 'point' || right.kind !== 'point' || left.scale !== right.scale) return null;
  return left.position - right.position;
}

type NumberValue = Extract<Comparable, { kind: 'exact' | 'float' }>;

function isNumber(value: Comparable): value is NumberValue {
  return value.kind === 'exact' || value.kind === 'float';
}

function toFloat(value: NumberValue): number {
  return value.kind === 'float' ? value.value : Number(`${value.digits}e-${value.scale}`);
}

function scaled(value: Extract<Comparable, { kind: 'exact' }>, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}

function compareFloats(a: number, b: number): number | null {
  if (Number.isNaN(a) || Number.isNaN(b)) return null;
  return a < b ? -1 : a > b ? 1 : 0;
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
    return { kind: 'point', scale: name, position: term.value === 'true' || term.value === '1' ? 1 : 0 };
  }
  if (INTEGER_RANGES.has(name) || name === 'decimal') return exactNumber(name, term.value);
  if (name === 'double' || name === 'float') {
    const value = float(term.value);
    return value === undefined ? undefined : { kind: 'float', value };
  }
  return instant(name, term.value);
}

function exactNumber(name: string, text: string): Extract<Comparable, { kind: 'exact' }> | undefined {
  const parts = DECIMAL.exec(text);
  if (parts === null) return undefined;
  const fraction = parts[3] ?? '';
  const magnitude = BigInt(`${parts[2] ?? ''}${fraction}` || '0');
  const digits = parts[1] === '-' ? -magnitude : magnitude;
  const range = INTEGER_RANGES.get(name);
  if (range !== undefined) {
    const [min, max] = range;
    if (text.includes('.') || (min !== null && digits < min) || (max !== null && digits > max))
      return undefined;
  }
  return { kind: 'exact', digits, scale: fraction.length };
}

function float(text: string): number | undefined {
  return FLOAT_NAMES.get(text) ?? (FLOAT.test(text) ? Number(text) : undefined);
}

function calendarParts(name: string, text: string): Partial<Record<string, string>> | undefined {
  const parts = CALENDAR_FORMS.get(name)?.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { year, month, day } = parts as Partial<Record<string, string>>;
  if (month === undefined || day === undefined) return parts;
  // Without a year, 29 February is valid.
  const last = new Date(Date.UTC(2000, 0, 1));
  last.setUTCFullYear(year === undefined ? 2000 : Number(year), Number(month), 0);
  return Number(day) <= last.getUTCDate() ? parts : undefined;
}

function instant(name: string, text: string): Comparable | undefined {
  const parts = calendarParts(name, text);
  if (parts === undefined) return undefined;
  const day = new Date(Date.UTC(2000, 0, 1));
  day.setUTCFullYear(
    Number(parts['year'] ?? 2000),
    Number(parts['month'] ?? 1) - 1,
    Number(parts['day'] ?? 1),
  );
  const hours = parts['midnight'] === undefined ? Number(parts['hour'] ?? 0) : 24;
  const ofDay = hours * 3600 + Number(parts['minute'] ?? 0) * 60 + Number(parts['second'] ?? 0);
  const { zone } = parts;
  const type = name === 'dateTimeStamp' ? 'dateTime' : name;
  return {
    kind: 'point',
    scale: zone === undefined ? type : `${type} with zone`,
    position: day.getTime() / 1000 + ofDay - (zone === undefined ? 0 : zoneSeconds(zone)),
  };
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
