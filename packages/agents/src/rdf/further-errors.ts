import { AgentError } from '../errors.ts';
import type { ReadableInput } from './input-file.ts';
import { locationAt, offsetOf } from './syntax-error.ts';

/** Errors that are reported of one document. Each costs a pass over the rest of it. */
export const MAX_SYNTAX_ERRORS = 20;

/** Namespace of prefixes that a document uses without a declaration, so that each is reported once. */
const UNDECLARED = 'https://ggen-sim.invalid/undeclared#';

/**
 * Finds the errors after the first one of a document: parses on from the next statement that begins on a line of its own, with
 * the prefixes declared so far.
 *
 * @param first - what was wrong first, with a location
 * @param prefixes - declared before it
 * @param firstErrorIn - parses a text and returns the first error in it
 * @returns at most {@link MAX_SYNTAX_ERRORS} errors, with the first
 */
export async function withFurtherErrors(
  input: ReadableInput,
  first: AgentError,
  prefixes: ReadonlyMap<string, string>,
  firstErrorIn: (text: string) => Promise<AgentError | undefined>,
): Promise<readonly AgentError[]> {
  const errors = [first];
  const declared = new Map(prefixes);
  let error: AgentError | undefined = first;
  while (error?.location !== undefined && errors.length < MAX_SYNTAX_ERRORS) {
    const { line, column } = error.location;
    const failed = offsetOf(input.text, { line, column: column - 1 });
    const next = nextStatement(input, failed);
    if (next === undefined) break;
    for (const prefix of undeclaredIn(error, input.text.slice(startOfLine(input.text, failed), next)))
      if (!declared.has(prefix)) declared.set(prefix, UNDECLARED);
    // The declarations take the place of all that came before, in one line.
    const before = declarations(input, declared);
    const found: AgentError | undefined = await firstErrorIn(before + input.text.slice(next));
    error = found && moved(found, input, linesIn(input.text.slice(0, next)) - linesIn(before));
    if (error !== undefined) errors.push(error);
  }
  return errors;
}

/** Comments, IRIs, and other characters one by one. Strings are read by {@link stringAt}, once each. */
const TOKEN = /#[^\n\r]*|<[^<>"\s]*>|[^]/y;
const QUOTE = /"""|'''|"|'/y;
const LINE_END = /[^\S\n\r]*(?:#[^\n\r]*)?(?:\r\n|\n|\r)/y;

/** Returns the offset of the line after the statement at an offset; `undefined` when there is none. */
function nextStatement({ text, format }: ReadableInput, from: number): number | undefined {
  const isByLine = format === 'N-Triples' || format === 'N-Quads';
  const end = format === 'TriG' ? '}' : '.';
  if (isByLine) {
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = from;
    return lineEnd.exec(text) !== null && lineEnd.lastIndex < text.length ? lineEnd.lastIndex : undefined;
  }
  let offset = from;
  /** End of the line of a string that is not closed: up to here, quotes are other characters. */
  let unclosedUntil = from;
  while (offset < text.length) {
    const quote = offset < unclosedUntil ? undefined : matchAt(QUOTE, text, offset);
    if (quote !== undefined) {
      const string = stringAt(text, offset, quote);
      // A long string that is not closed has the rest of the document in it.
      if (!string.isClosed && quote.length > 1) return undefined;
      offset = string.isClosed ? string.end : offset + 1;
      unclosedUntil = string.end;
      continue;
    }
    const token = matchAt(TOKEN, text, offset) ?? text.charAt(offset);
    offset += token.length;
    if (token !== end) continue;
    LINE_END.lastIndex = offset;
    if (LINE_END.test(text)) return LINE_END.lastIndex < text.length ? LINE_END.lastIndex : undefined;
  }
  return undefined;
}

function matchAt(expression: RegExp, text: string, offset: number): string | undefined {
  expression.lastIndex = offset;
  return expression.exec(text)?.[0];
}

/** Finds the end of a string. One that is not closed ends with its line, a long one with the text. */
function stringAt(
  text: string,
  from: number,
  quote: string,
): { readonly end: number; readonly isClosed: boolean } {
  for (let end = from + quote.length; end < text.length; end++) {
    const character = text.charAt(end);
    if (text.startsWith(quote, end)) return { end: end + quote.length, isClosed: true };
    if (quote.length === 1 && (character === '\n' || character === '\r')) return { end, isClosed: false };
    // The next character is escaped. The end of a line cannot be.
    if (character === '\\' && !/[\n\r]/.test(text.charAt(end + 1))) end++;
  }
  return { end: text.length, isClosed: false };
}

function startOfLine(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
}

/** Finds the prefix that an error is about, and those whose declaration is skipped with it. */
function undeclaredIn({ message }: AgentError, skipped: string): string[] {
  const [, undefinedPrefix] = /^Undefined prefix "(.*):"$/.exec(message) ?? [];
  const ofDeclarations = Array.from(
    skipped.matchAll(/\bprefix\s+([^\s:<>"]*)/gi),
    ([, prefix = '']) => prefix,
  );
  return undefinedPrefix === undefined ? ofDeclarations : [undefinedPrefix, ...ofDeclarations];
}

function declarations({ format }: ReadableInput, prefixes: ReadonlyMap<string, string>): string {
  if (format === 'N-Triples' || format === 'N-Quads') return '';
  return `${[...prefixes].map(([prefix, iri]) => `@prefix ${prefix}: <${iri}> .`).join(' ')}\n`;
}

function linesIn(text: string): number {
  return text.split(/\r\n|\n|\r/).length - 1;
}

/** Locates an error of a part of the input in the whole. */
function moved(error: AgentError, input: ReadableInput, lines: number): AgentError {
  const { code, message, cause, hint, location } = error;
  if (location === undefined) return error;
  const { line, column, expected } = location;
  return new AgentError(code, message, {
    cause,
    location: locationAt(input, { line: line + lines, column: column - 1 }, expected),
    ...(hint === undefined ? {} : { hint }),
  });
}
