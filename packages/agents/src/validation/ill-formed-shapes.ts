import type { Term } from '@rdfjs/types';
import { AgentError, type SourceLocation } from '../errors.ts';
import { openInput } from '../rdf/input-file.ts';
import { locateQuad } from '../rdf/quad-location.ts';
import { compareText, termKey } from '../rdf/terms.ts';
import type { ShapeProblem } from '../shacl/well-formed.ts';
import type { FindingsSoFar } from './findings.ts';

/**
 * Makes the error of a run whose shapes graph is ill-formed. It names the problem that comes first in the documents, which
 * are taken in a fixed order, so the error is the same for any order in the request.
 *
 * @param problems - at least one
 */
export async function illFormedShapesError(
  problems: readonly ShapeProblem[],
  documents: FindingsSoFar['documents'],
): Promise<AgentError> {
  const byTriple = new Map<string, ShapeProblem>();
  for (const problem of problems) {
    const key = tripleKey(problem.subject, problem.predicate, problem.object);
    if (!byTriple.has(key)) byTriple.set(key, problem);
  }
  const order = ({ measured }: FindingsSoFar['documents'][number]): string =>
    `${measured.baseName} ${measured.sha256}`;
  for (const document of documents.toSorted((a, b) => compareText(order(a), order(b)))) {
    for (const [index, { subject, predicate, object }] of (document.parsed?.quads ?? []).entries()) {
      const problem = byTriple.get(tripleKey(subject, predicate.value, object));
      if (problem === undefined) continue;
      const location = await locateQuad(openInput(document.measured), index);
      return errorOf(problem, problems.length, location);
    }
  }
  const [first] = problems;
  return errorOf(first ?? { message: 'The shapes are ill-formed' }, problems.length, undefined);
}

function errorOf(
  { message, hint }: Pick<ShapeProblem, 'message' | 'hint'>,
  count: number,
  location: SourceLocation | undefined,
): AgentError {
  const others = count === 1 ? '' : ` (and ${count - 1} more problem${count === 2 ? '' : 's'} of the shapes)`;
  return new AgentError('INVALID_SHAPES', `Ill-formed shapes: ${message}${others}`, {
    ...(location === undefined ? {} : { location }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function tripleKey(subject: Term, predicate: string, object: Term): string {
  return `${termKey(subject)} ${predicate} ${termKey(object)}`;
}
