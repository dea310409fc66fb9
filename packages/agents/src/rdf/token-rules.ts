import type { Token } from 'n3';
import { AgentError } from '../errors.ts';
import type { ReadableInput } from './input-file.ts';
import { locationAt } from './syntax-error.ts';

/** Tokens that only RDF 1.2 has: triple terms, reifiers, annotations, base directions. */
const RDF_1_2_TOKENS: ReadonlySet<string> = new Set(['<<', '<<(', '~', '{|', 'dircode']);

/**
 * Judges tokens beyond what n3 does, one at a time, in order; returns the first error.
 *
 * - N-Triples and N-Quads hold one statement a line (RDF 1.1 N-Triples, section 7, production `ntriplesDoc`); n3 reads
 *   on across line ends.
 * - RDF 1.2 terms are refused where they stand: RDFC-1.0 has no form for them, so a hash over them would be wrong.
 */
export function tokenRules(input: ReadableInput): (token: Token) => AgentError | undefined {
  const oneStatementALine = input.format === 'N-Triples' || input.format === 'N-Quads';
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
    if (!oneStatementALine || before === undefined) return undefined;
    const expected = lineRule(before, token);
    if (expected === undefined) return undefined;
    const message =
      expected === '"."' ? 'A statement must end on its line' : 'A line holds more than one statement';
    return new AgentError('SYNTAX_ERROR', message, {
      location: locationAt(input, placeOf(before, token, expected), expected),
    });
  };
}

/** What the line break between two tokens should have been, if it is wrong. */
function lineRule(before: Token, token: Token): string | undefined {
  const sameLine = token.line === before.line;
  if (before.type === '.') return sameLine && token.type !== 'eof' ? 'the end of the line' : undefined;
  return sameLine || token.type === 'eof' ? undefined : '"."';
}

/** A missing dot belongs at the end of the line that lacks it, a second statement where it begins. */
function placeOf(before: Token, token: Token, expected: string): { line: number; column: number } {
  return expected === '"."'
    ? { line: before.line, column: before.end }
    : { line: token.line, column: token.start };
}
