import type { Token } from 'n3';
import { AgentError } from '../errors.ts';
import type { ReadableInput } from './input-file.ts';
import { locationAt } from './syntax-error.ts';

/** Token types of RDF 1.2 alone: triple terms, reifiers, annotations, base directions. */
const RDF_1_2_TOKENS: ReadonlySet<string> = new Set(['<<', '<<(', '~', '{|', 'dircode']);

/**
 * Makes a check of rules that n3 does not enforce. Call it with each token in order; it returns an error at the first
 * violation.
 *
 * - N-Triples and N-Quads have one statement per line (RDF 1.1 N-Triples, section 7, production `ntriplesDoc`); n3
 *   accepts line breaks anywhere.
 * - RDF 1.2 terms are refused at their position: RDFC-1.0 has no form for them, so a hash over them would be wrong.
 */
export function tokenRules(input: ReadableInput): (token: Token) => AgentError | undefined {
  const oneStatementPerLine = input.format === 'N-Triples' || input.format === 'N-Quads';
  let previous: Token | undefined;
  return (token) => {
    const before = previous;
    previous = token;
    if (RDF_1_2_TOKENS.has(token.type)) {
      return new AgentError(
        'UNSUPPORTED_RDF',
        'Triple terms and base directions of RDF 1.2 are not supported',
        {
          location: locationAt(input, { line: token.line, column: token.start }, 'RDF 1.1'),
          hint: 'Write the statement with rdf:Statement or a node of its own.',
        },
      );
    }
    if (!oneStatementPerLine || before === undefined) return undefined;
    const expected = lineRule(before, token);
    if (expected === undefined) return undefined;
    const message =
      expected === '"."' ? 'A statement must end on its line' : 'A line holds more than one statement';
    return new AgentError('SYNTAX_ERROR', message, {
      location: locationAt(input, positionOf(before, token, expected), expected),
    });
  };
}

/** Returns the expected token when the line break between two tokens is missing or wrong. */
function lineRule(before: Token, token: Token): string | undefined {
  const sameLine = token.line === before.line;
  if (before.type === '.') return sameLine && token.type !== 'eof' ? 'the end of the line' : undefined;
  return sameLine || token.type === 'eof' ? undefined : '"."';
}

/** Locates a missing dot at the end of its line, and a second statement at its beginning. */
function positionOf(before: Token, token: Token, expected: string): { line: number; column: number } {
  return expected === '"."'
    ? { line: before.line, column: before.end }
    : { line: token.line, column: token.start };
}
