import type { ParseError, Token } from 'n3';
import { AgentError, type SourceLocation } from '../errors.ts';
import { characterStart, shortened } from '../shortened.ts';
import type { ReadableInput } from './input-file.ts';

/** Length of an excerpt, in UTF-16 code units. Longer lines are cut around the error. */
const EXCERPT_LENGTH = 120;
/** Length of the excerpt before the error. */
const EXCERPT_LEAD = 60;
/** Length of an unknown token in a message, in UTF-16 code units. */
const MAX_SHOWN = 40;

/** Position in a text: line from 1, column from 0 in UTF-16 code units. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** Returns the position at the end of the text before it. */
export function positionAt(before: string): Position {
  const lines = before.split(/\r\n|\n|\r/);
  return { line: lines.length, column: lines.at(-1)?.length ?? 0 };
}

/** Returns a position in an input with an excerpt of its line. */
export function locationAt(
  input: ReadableInput,
  position: Position,
  expected: string | null,
): SourceLocation {
  const start = offsetOf(input.text, { line: position.line, column: 0 });
  const lineEnd = /[\r\n]|$/g;
  lineEnd.lastIndex = start;
  const line = input.text.slice(start, lineEnd.exec(input.text)?.index);
  const from =
    line.length <= EXCERPT_LENGTH ? 0 : Math.max(0, characterStart(line, position.column - EXCERPT_LEAD));
  return {
    name: input.name,
    line: position.line,
    column: position.column + 1,
    excerpt: line.slice(from, characterStart(line, from + EXCERPT_LENGTH)),
    excerptColumn: position.column - from + 1,
    expected,
  };
}

/**
 * Converts n3's error to an error with line, column and, where known, the expected token.
 *
 * For a grammar error n3 names the token. When no token could be read, n3 names only the token before: the error is then
 * at the first character after it that is neither white space nor comment.
 */
export function syntaxErrorOf(input: ReadableInput, error: ParseError): AgentError {
  const token = error.context?.token;
  const position = token
    ? { line: token.line, column: token.start }
    : firstUnreadable(input.text, error.context?.previousToken);
  const { message, expected } = token ? grammarProblem(error, token) : lexicalProblem(input.text, position);
  return new AgentError('SYNTAX_ERROR', message, {
    cause: error,
    location: locationAt(input, position, expected),
  });
}

function firstUnreadable(text: string, previous: Token | undefined): Position {
  let line = previous?.endLine ?? previous?.line ?? 1;
  let column = previous?.end ?? 0;
  let offset = offsetOf(text, { line, column });
  const gap = /\r\n|\n|\r|[^\S\r\n]+|#[^\r\n]*/y;
  for (;;) {
    gap.lastIndex = offset;
    const skipped = gap.exec(text)?.[0];
    if (skipped === undefined) return { line, column };
    offset += skipped.length;
    if (/[\r\n]/.test(skipped)) {
      line += 1;
      column = 0;
    } else {
      column += skipped.length;
    }
  }
}

/** Returns the offset of a position in a text; its length for a position after its end. */
export function offsetOf(text: string, position: Position): number {
  const lineEnd = /\r\n|\n|\r/g;
  let start = 0;
  for (let line = 1; line < position.line; line += 1) {
    if (lineEnd.exec(text) === null) return text.length;
    start = lineEnd.lastIndex;
  }
  return Math.min(text.length, start + position.column);
}

interface Problem {
  readonly message: string;
  readonly expected: string | null;
}

const AFTER_OBJECT = '".", ";" or ","';

function grammarProblem(error: ParseError, token: Token): Problem {
  const said = error.message.replace(/ on line \d+\.$/, '');
  const found = describe(token);
  if (said.startsWith('Expected punctuation') || said.startsWith('Expected dot')) {
    const expected = said.startsWith('Expected dot') ? '"."' : AFTER_OBJECT;
    return { message: `Expected ${expected} after a statement's object but found ${found}`, expected };
  }
  if (said.startsWith('Expected entity')) {
    return {
      message: `Expected an IRI, a blank node or a literal but found ${found}`,
      expected: 'an RDF term',
    };
  }
  if (said.startsWith('Expected declaration to end with a dot')) {
    return { message: `Expected "." after the declaration but found ${found}`, expected: '"."' };
  }
  if (said.startsWith('Unexpected literal')) {
    return { message: 'A literal can only be an object', expected: 'an IRI or a blank node' };
  }
  if (said === 'Disallowed triple term as subject')
    return { message: 'A triple term can only be an object', expected: 'an IRI or a blank node' };
  if (said === 'Unclosed graph') return { message: 'A graph is not closed', expected: '"}"' };
  if (said === 'Invalid IRI') {
    return {
      message: `<${token.value}> is a relative IRI, which this format does not have`,
      expected: 'an absolute IRI',
    };
  }
  const expected = /^Expected (.+?)(?: but got .*)?$/.exec(said)?.[1] ?? null;
  return { message: said, expected };
}

function describe(token: Token): string {
  switch (token.type) {
    case 'eof':
      return 'the end of the file';
    case 'literal':
      return `the literal "${token.value}"`;
    case 'IRI':
      return `<${token.value}>`;
    case 'prefixed':
      return `${token.prefix}:${token.value}`;
    case 'blank':
      return `_:${token.value}`;
    default:
      return token.value === '' ? `"${token.type}"` : `"${token.value}"`;
  }
}

function lexicalProblem(text: string, position: Position): Problem {
  const rest = text.slice(offsetOf(text, position));
  const word = /^\S*/.exec(rest)?.[0] ?? '';
  const first = rest.charAt(0);
  if (first === '') return { message: 'The file ends in the middle of a statement', expected: 'a token' };
  if (first === '"' || first === "'") return stringProblem(rest, first);
  // Reified triples are of Turtle and TriG alone.
  if (first === '<' && !rest.startsWith('<<')) return iriProblem(rest);
  return { message: `"${shortened(word, MAX_SHOWN)}" is not a token of this format`, expected: null };
}

function stringProblem(rest: string, quote: string): Problem {
  const long = rest.startsWith(quote.repeat(3));
  const body = long ? rest : (/^[^\r\n]*/.exec(rest)?.[0] ?? '');
  const closing = long ? quote.repeat(3) : quote;
  const closed = new RegExp(`^${closing}(?:\\\\[^]|(?!${closing})[^\\\\])*${closing}`).test(body);
  if (!closed) {
    const where = long ? 'file' : 'line';
    return { message: `A string is not closed before the end of the ${where}`, expected: closing };
  }
  return {
    message: 'A string holds an escape sequence that is not allowed',
    expected: '\\t \\b \\n \\r \\f \\" \\\' \\\\ \\uXXXX or \\UXXXXXXXX',
  };
}

function iriProblem(rest: string): Problem {
  const iri = /^<[^>\r\n]*>?/.exec(rest)?.[0] ?? '<';
  if (!iri.endsWith('>'))
    return { message: 'An IRI is not closed before the end of the line', expected: '">"' };
  if (/\s/.test(iri))
    return { message: `The IRI ${iri} holds a space`, expected: 'an IRI (write %20 for a space)' };
  return { message: `The IRI ${iri} holds a character or an escape that is not allowed`, expected: 'an IRI' };
}
