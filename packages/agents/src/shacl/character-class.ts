import type { PatternReader } from './pattern-reader.ts';
import { blockRanges } from './unicode-blocks.ts';

/** First and last code point. */
type CodePointRange = readonly [first: number, last: number];

const LAST_CODE_POINT = 0x10ffff;
const CATEGORY = /^(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|Z[slp]?|S[mcko]?|C[cfon]?)$/;
/** Characters that a backslash makes literal (XML Schema 1.1 part 2, production `SingleCharEsc`; XPath adds `$`). */
const ESCAPABLE = '\\|.-^?*+{}()[]$';
const CONTROLS: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

const SPACES: readonly CodePointRange[] = [
  [0x9, 0xa],
  [0xd, 0xd],
  [0x20, 0x20],
];
/** `NameStartChar` and `NameChar` of XML 1.0, fifth edition, in order. */
const NAME_STARTS: readonly CodePointRange[] = [
  ...([
    [0x3a, 0x3a],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
    [0xc0, 0xd6],
    [0xd8, 0xf6],
  ] as const),
  ...([
    [0xf8, 0x2ff],
    [0x370, 0x37d],
    [0x37f, 0x1fff],
    [0x200c, 0x200d],
    [0x2070, 0x218f],
  ] as const),
  ...([
    [0x2c00, 0x2fef],
    [0x3001, 0xd7ff],
    [0xf900, 0xfdcf],
    [0xfdf0, 0xfffd],
  ] as const),
  ...([[0x10000, 0xeffff]] as const),
];
const NAME_CHARACTERS: readonly CodePointRange[] = [
  ...NAME_STARTS,
  ...([
    [0x2d, 0x2e],
    [0x30, 0x39],
    [0xb7, 0xb7],
    [0x300, 0x36f],
    [0x203f, 0x2040],
  ] as const),
];

/** Escapes of XML Schema for several characters, as parts of a JavaScript character class. */
const CLASS_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['s', classPart(SPACES)],
  ['S', classPart(complement(SPACES))],
  ['d', String.raw`\p{Nd}`],
  ['D', String.raw`\P{Nd}`],
  // XML Schema defines `\w` as everything but punctuation, separators and others. These are the remaining categories.
  ['w', String.raw`\p{L}\p{M}\p{N}\p{S}`],
  ['W', String.raw`\p{P}\p{Z}\p{C}`],
  ['i', classPart(NAME_STARTS)],
  ['I', classPart(complement(NAME_STARTS))],
  ['c', classPart(NAME_CHARACTERS)],
  ['C', classPart(complement(NAME_CHARACTERS))],
]);

/** Writes one character for a JavaScript expression with the flag `u`; with `ignoreCase`, also its case variants. */
export function singleCharacter(character: string, ignoreCase: boolean): string {
  const code = codePoint(character);
  const ranges = ignoreCase ? withCaseVariants([[code, code]]) : [];
  return ranges.length > 1 ? `[${classPart(ranges)}]` : escaped(code);
}

/** Reads the character after a backslash, if it stands for itself or for a control character. */
export function acceptSingleEscape(reader: PatternReader): string | undefined {
  const { next } = reader;
  if (next === '' || !(ESCAPABLE.includes(next) || CONTROLS.has(next))) return undefined;
  reader.take();
  return CONTROLS.get(next) ?? next;
}

/** Reads an escape for several characters after its backslash, and returns it as a part of a JavaScript class. */
export function classEscape(reader: PatternReader): string {
  const kind = reader.next;
  const simple = CLASS_ESCAPES.get(kind);
  if (simple === undefined && kind !== 'p' && kind !== 'P') {
    reader.fail(kind === '' ? 'it ends with a backslash' : `XPath has no escape \\${kind}`);
  }
  reader.take();
  if (simple !== undefined) return simple;
  if (!reader.accept('{')) reader.fail(`\\${kind} needs a property in braces`);
  const property = reader.takeWhile(/^[\w-]$/);
  if (!reader.accept('}')) reader.fail(`the property of \\${kind} is not closed`);
  if (CATEGORY.test(property)) return `\\${kind}{${property}}`;
  const block = property.startsWith('Is') ? blockRanges(property.slice(2)) : undefined;
  if (block === undefined) reader.fail(`Unicode has no category or block "${property}"`);
  return classPart(kind === 'p' ? block : complement(block));
}

/**
 * Reads a character class expression after its `[`, and writes it for JavaScript (XML Schema 1.1 part 2, section G.4.2).
 * Subtraction (`[a-z-[aeiou]]`) becomes a negative look-ahead.
 */
export function classExpression(reader: PatternReader, ignoreCase: boolean): string {
  const negative = reader.accept('^');
  const ranges: CodePointRange[] = [];
  const escapes: string[] = [];
  do {
    if (reader.next === '') reader.fail('a "[" is not closed');
    if (reader.next === '[') reader.fail('a "[" inside a character class needs a backslash');
    if (reader.next === ']') reader.fail('a character class is empty');
    readPart(reader, ranges, escapes);
  } while (reader.next !== ']' && !reader.isAt('-['));
  const body = classPart(ignoreCase ? withCaseVariants(ranges) : ranges) + escapes.join('');
  const group = `[${negative ? '^' : ''}${body}]`;
  if (!reader.accept('-[')) {
    reader.take();
    return group;
  }
  const subtracted = classExpression(reader, ignoreCase);
  if (!reader.accept(']')) reader.fail('a character class must end after the class that it subtracts');
  return `(?:(?!${subtracted})${group})`;
}

function readPart(reader: PatternReader, ranges: CodePointRange[], escapes: string[]): void {
  const first = rangeEnd(reader);
  if (first === undefined) {
    escapes.push(classEscape(reader));
    return;
  }
  // A hyphen before the end of the class stands for itself, or subtracts a class.
  const isRange = reader.next === '-' && !['-]', '-[', '--['].some((end) => reader.isAt(end));
  if (!isRange) {
    ranges.push([codePoint(first.character), codePoint(first.character)]);
    return;
  }
  reader.take();
  const last = rangeEnd(reader);
  if (last === undefined) reader.fail('a range ends in something that is not one character');
  if (first.isHyphen || last.isHyphen) reader.fail('a hyphen at the end of a range needs a backslash');
  if (codePoint(first.character) > codePoint(last.character)) reader.fail('a range is in the wrong order');
  ranges.push([codePoint(first.character), codePoint(last.character)]);
}

/** Reads one character of a class; `undefined` after the backslash of an escape for several characters. */
function rangeEnd(
  reader: PatternReader,
): { readonly character: string; readonly isHyphen: boolean } | undefined {
  const character = reader.take();
  if (character !== '\\') return { character, isHyphen: character === '-' };
  const single = acceptSingleEscape(reader);
  return single === undefined ? undefined : { character: single, isHyphen: false };
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function escaped(code: number): string {
  return `\\u{${code.toString(16)}}`;
}

function classPart(ranges: readonly CodePointRange[]): string {
  return ranges
    .map(([first, last]) => (first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`))
    .join('');
}

/** Returns the code points outside of ranges. */
function complement(ranges: readonly CodePointRange[]): CodePointRange[] {
  const outside: CodePointRange[] = [];
  let next = 0;
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (first > next) outside.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE_POINT) outside.push([next, LAST_CODE_POINT]);
  return outside;
}

function withCaseVariants(ranges: readonly CodePointRange[]): CodePointRange[] {
  const all = [...ranges];
  for (const [code, variants] of caseVariants()) {
    if (ranges.some(([first, last]) => first <= code && code <= last)) {
      for (const variant of variants) all.push([variant, variant]);
    }
  }
  return all;
}

let knownCaseVariants: ReadonlyMap<number, readonly number[]> | undefined;

/**
 * Returns, for each character with case, the characters that have the same lower case or the same upper case (XPath
 * Functions 3.1, section 5.6.1.1). JavaScript's flag `i` would also change `\p{Lu}`, which XPath's does not.
 */
function caseVariants(): ReadonlyMap<number, readonly number[]> {
  if (knownCaseVariants !== undefined) return knownCaseVariants;
  const sharing = new Map<string, number[]>();
  const keys = new Map<number, readonly string[]>();
  // No character of a higher plane has case.
  for (let code = 0; code < 0x20000; code += 1) {
    const character = String.fromCodePoint(code);
    const lower = character.toLowerCase();
    const upper = character.toUpperCase();
    if (lower === upper) continue;
    const own = [`lower ${lower}`, `upper ${upper}`];
    keys.set(code, own);
    for (const key of own) sharing.set(key, [...(sharing.get(key) ?? []), code]);
  }
  knownCaseVariants = new Map(
    [...keys].map(([code, own]) => [
      code,
      own.flatMap((key) => sharing.get(key) ?? []).filter((variant) => variant !== code),
    ]),
  );
  return knownCaseVariants;
}
