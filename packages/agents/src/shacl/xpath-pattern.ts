import { shortened } from '../shortened.ts';
import { acceptSingleEscape, classEscape, classExpression, singleCharacter } from './character-class.ts';
import { PatternError, PatternReader } from './pattern-reader.ts';

/** Depth limit of groups, deeper than any pattern written by hand. */
const MAX_DEPTH = 200;
/** Length of a refused pattern in a message, in UTF-16 code units. */
const MAX_SHOWN = 80;

/** Flags of XPath (XPath Functions 3.1, section 5.6.1.1). */
interface Flags {
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly ignoreCase: boolean;
}

/** Groups of one pattern that have been opened and closed so far. */
interface Groups {
  opened: number;
  readonly closed: Set<number>;
}

/**
 * Translates a regular expression of XPath (XPath Functions 3.1, section 5.6.1, on the basis of XML Schema 1.1 part 2,
 * appendix G) to one of JavaScript that matches the same texts.
 *
 * @param flags - any of XPath's: `i`, `m`, `q`, `s`, `x`
 * @throws {PatternError} the text is not a regular expression of XPath, or JavaScript cannot express it
 */
export function translatePattern(pattern: string, flags: string): RegExp {
  try {
    return translation(pattern, flags);
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause;
    const shown = shortened(pattern, MAX_SHOWN);
    throw new PatternError(`"${shown}" is not a regular expression of XPath: ${cause.message}`);
  }
}

function translation(pattern: string, flags: string): RegExp {
  const unknown = Array.from(flags).find((flag) => !'imqsx'.includes(flag));
  if (unknown !== undefined) throw new PatternError(`there is no flag "${unknown}"`);
  const ignoreCase = flags.includes('i');
  const source = flags.includes('q')
    ? Array.from(pattern, (character) => singleCharacter(character, ignoreCase)).join('')
    : translated(flags.includes('x') ? withoutSpaces(pattern) : pattern, {
        dotAll: flags.includes('s'),
        multiline: flags.includes('m'),
        ignoreCase,
      });
  try {
    const expression = new RegExp(source, 'u');
    // Engines compile at the first use; only then do they refuse what is too large.
    expression.test('');
    return expression;
  } catch (cause) {
    throw new PatternError('it is too large for this JavaScript engine', { cause });
  }
}

/** Removes white space outside of character classes, as the flag `x` asks. */
function withoutSpaces(pattern: string): string {
  let depth = 0;
  return pattern.replace(/\\[^]|[^]/gu, (part) => {
    if (part === '[') depth += 1;
    if (part === ']') depth -= 1;
    return depth === 0 ? part.replace(/[ \t\n\r]/, '') : part;
  });
}

function translated(pattern: string, flags: Flags): string {
  const reader = new PatternReader(pattern);
  const source = alternatives(reader, flags, { opened: 0, closed: new Set() }, 0);
  if (reader.next !== '') reader.fail('a ")" has no "("');
  return source;
}

function alternatives(reader: PatternReader, flags: Flags, groups: Groups, depth: number): string {
  if (depth > MAX_DEPTH) reader.fail('its groups are nested too deeply');
  let source = '';
  while (reader.next !== '' && reader.next !== ')') {
    source += reader.accept('|') ? '|' : atom(reader, flags, groups, depth) + quantifier(reader);
  }
  return source;
}

function atom(reader: PatternReader, flags: Flags, groups: Groups, depth: number): string {
  const character = reader.next;
  if ('?*+{'.includes(character)) reader.fail(`"${character}" has nothing to repeat, or needs a backslash`);
  if ('}]'.includes(character)) reader.fail(`"${character}" needs a backslash`);
  reader.take();
  switch (character) {
    case '\\':
      return escape(reader, flags, groups);
    case '[':
      return classExpression(reader, flags.ignoreCase);
    case '(':
      return group(reader, flags, groups, depth);
    case '.':
      return flags.dotAll ? '[^]' : String.raw`[^\n\r]`;
    // The flag `m` of JavaScript also knows other line ends, and a line after the last one.
    case '^':
      return flags.multiline ? String.raw`(?:^|(?<=\n)(?!$))` : '(?:^)';
    case '$':
      return flags.multiline ? String.raw`(?:(?=\n)|(?<!\n)$)` : '(?:$)';
    default:
      return singleCharacter(character, flags.ignoreCase);
  }
}

function escape(reader: PatternReader, flags: Flags, groups: Groups): string {
  if (/^[1-9]$/.test(reader.next)) return backReference(reader, flags, groups);
  const single = acceptSingleEscape(reader);
  return single === undefined ? `[${classEscape(reader)}]` : singleCharacter(single, flags.ignoreCase);
}

/** Reads a back-reference. Further digits belong to it only when there are as many groups. */
function backReference(reader: PatternReader, flags: Flags, groups: Groups): string {
  if (flags.ignoreCase) reader.fail('a back-reference with the flag i has no equivalent in JavaScript');
  let index = Number(reader.take());
  while (/^\d$/.test(reader.next) && index * 10 + Number(reader.next) <= groups.opened) {
    index = index * 10 + Number(reader.take());
  }
  if (!groups.closed.has(index)) reader.fail(`\\${index} refers to a group that has not ended`);
  return `(?:\\${index})`;
}

function group(reader: PatternReader, flags: Flags, groups: Groups, depth: number): string {
  const captures = !reader.accept('?:');
  if (reader.next === '?') reader.fail('XPath has no look-ahead, look-behind or named groups');
  if (captures) groups.opened += 1;
  const index = groups.opened;
  const inner = alternatives(reader, flags, groups, depth + 1);
  if (!reader.accept(')')) reader.fail('a "(" is not closed');
  if (captures) groups.closed.add(index);
  return captures ? `(${inner})` : `(?:${inner})`;
}

/** Reads a quantifier, if there is one; a `?` after it makes it reluctant. */
function quantifier(reader: PatternReader): string {
  const { next } = reader;
  let source = '';
  if (next === '{') source = counts(reader);
  else if (next !== '' && '?*+'.includes(next)) source = reader.take();
  return source !== '' && reader.accept('?') ? `${source}?` : source;
}

function counts(reader: PatternReader): string {
  reader.take();
  const min = reader.takeWhile(/^[0-9]$/);
  const max = reader.accept(',') ? reader.takeWhile(/^[0-9]$/) : min;
  if (min === '' || !reader.accept('}'))
    reader.fail('"{" needs a backslash, or a count as in {2}, {2,} or {2,5}');
  if (max !== '' && BigInt(max) < BigInt(min)) reader.fail(`{${min},${max}} is in the wrong order`);
  return max === min ? `{${min}}` : `{${min},${max}}`;
}
