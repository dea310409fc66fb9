import type { Token } from 'n3';
import { AgentError } from '../errors.ts';
import type { ReadableInput } from './input-file.ts';
import { locationAt } from './syntax-error.ts';

/**
 * Makes a check of rules that n3 does not enforce. Call it with each token in order; it returns an error at the first
 * violation.
 *
 * - N-Triples and N-Quads have one statement per line (RDF 1.1 N-Triples, section 7, production `ntriplesDoc`); n3
 *   accepts line breaks anywhere.
 * - A triple term holds IRIs, blank nodes, literals and triple terms (RDF 1.2 Turtle, production `tripleTerm`); n3 accepts
 *   lists, property lists and reified triples there, which are statements.
 */
export function tokenRules(input: ReadableInput): (token: Token) => AgentError | undefined {
  const oneStatementPerLine = input.format === 'N-Triples' || input.format === 'N-Quads';
  const inTripleTerms = tripleTermRule();
  let previous: Token | undefined;
  let hasEnded = true;
  return (token) => {
    const before = previous;
    previous = token;
    const misplaced = inTripleTerms(before, token);
    if (misplaced !== undefined) {
      return new AgentError('SYNTAX_ERROR', 'A triple term cannot hold statements of its own', {
        location: locationAt(
          input,
          { line: misplaced.line, column: misplaced.start },
          'an IRI, a blank node, a literal or a triple term',
        ),
        hint: 'Give the list, the node or the reified triple a label and describe it outside.',
      });
    }
    if (!oneStatementPerLine) return undefined;
    const wasEnded = hasEnded;
    hasEnded = token.type === '.' || before?.type === 'VERSION';
    if (before === undefined) return undefined;
    const expected = lineRule(before, token, wasEnded);
    if (expected === undefined) return undefined;
    const message =
      expected === '"."' ? 'A statement must end on its line' : 'A line holds more than one statement';
    return new AgentError('SYNTAX_ERROR', message, {
      location: locationAt(input, positionOf(before, token, expected), expected),
    });
  };
}

/** Makes a check that returns the token in a triple term that begins a statement. */
function tripleTermRule(): (before: Token | undefined, token: Token) => Token | undefined {
  /** Marks of the triple terms and reified triples that are open. */
  const open: string[] = [];
  return (before, token) => {
    const isInside = open.at(-1) === '<<(';
    if (token.type === '<<(' || token.type === '<<') open.push(token.type);
    else if (token.type === ')>>' || token.type === '>>') open.pop();
    if (!isInside) return undefined;
    if (token.type === '(' || token.type === '<<') return token;
    // Brackets with nothing in them are a blank node.
    return before?.type === '[' && token.type !== ']' ? before : undefined;
  };
}

/**
 * Returns the expected token when the line break between two tokens is missing or wrong.
 *
 * @param hasEnded - the token before is the last one of a statement, or of a version, which no dot ends
 */
function lineRule(before: Token, token: Token, hasEnded: boolean): string | undefined {
  const sameLine = token.line === before.line;
  if (hasEnded) return sameLine && token.type !== 'eof' ? 'the end of the line' : undefined;
  return sameLine || token.type === 'eof' ? undefined : '"."';
}

/** Locates a missing dot at the end of its line, and a second statement at its beginning. */
function positionOf(before: Token, token: Token, expected: string): { line: number; column: number } {
  return expected === '"."'
    ? { line: before.line, column: before.end }
    : { line: token.line, column: token.start };
}
