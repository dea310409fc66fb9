import type { Token } from 'n3';
import type { SourceLocation } from '../errors.ts';
import type { ReadableInput } from './input-file.ts';
import { isStreamed } from './parse-streamed.ts';
import { locationAt } from './syntax-error.ts';

/**
 * Returns the position of a statement's object in a document. Parses the document a second time, because positions of all
 * statements would cost memory in every run, and only a failed run needs one.
 *
 * @param index - of the statement in the parsed document, from 0
 * @returns `undefined` for RDF/XML and JSON-LD, whose parsers tell no positions
 */
export async function locateQuad(input: ReadableInput, index: number): Promise<SourceLocation | undefined> {
  if (isStreamed(input.format)) return undefined;
  const { Parser } = await import('n3');
  const parser = new Parser({ format: input.format, baseIRI: 'https://ggen-sim.invalid/' });
  return await new Promise((resolve, reject) => {
    let previous: Token | undefined;
    let current: Token | undefined;
    let count = 0;
    parser.parse(input.text, {
      onToken: (token) => {
        previous = current;
        current = token;
      },
      onQuad: (error, quad) => {
        if (error !== null) reject(error);
        else if (quad === null) resolve(undefined);
        else {
          // The parser reports a statement at the punctuation after its object.
          const token = previous ?? current;
          if (count === index && token !== undefined) {
            resolve(locationAt(input, { line: token.line, column: token.start }, null));
          }
          count += 1;
        }
      },
    });
  });
}
