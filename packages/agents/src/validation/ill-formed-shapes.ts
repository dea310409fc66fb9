import type { Term } from '@rdfjs/types';
import { AgentError, type SourceLocation } from '../errors.ts';
import { openInput } from '../rdf/input-file.ts';
import { locateQuad } from '../rdf/quad-location.ts';
import { compareText, termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { describeProblem, findShapeProblems, type ShapeProblem } from '../shacl/well-formed.ts';
import type { FindingsSoFar } from './findings.ts';

/**
 * Refuses an ill-formed shapes graph. The error names the problem that comes first in the documents, which are taken in a
 * fixed order, so it is the same for any order in the request.
 *
 * @param ofQueries - problems of SPARQL queries
 * @throws {AgentError} INVALID_SHAPES
 */
export async function refuseIllFormedShapes(
  shapes: TripleGraph,
  documents: FindingsSoFar['documents'],
  ofQueries: readonly ShapeProblem[],
): Promise<void> {
  const problems = [...findShapeProblems(shapes), ...ofQueries];
  const [any, ...others] = problems;
  if (any === undefined) return;
  const first = await firstInDocuments(problems, documents);
  const problem = first?.problem ?? any;
  const plural = others.length === 1 ? '' : 's';
  const rest = others.length === 0 ? '' : ` (and ${others.length} more problem${plural} of the shapes)`;
  throw new AgentError('INVALID_SHAPES', `Ill-formed shapes: ${describeProblem(shapes, problem)}${rest}`, {
    ...(first?.location === undefined ? {} : { location: first.location }),
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  });
}

async function firstInDocuments(
  problems: readonly ShapeProblem[],
  documents: FindingsSoFar['documents'],
): Promise<{ readonly problem: ShapeProblem; readonly location: SourceLocation | undefined } | undefined> {
  const byTriple = new Map<string, ShapeProblem>();
  for (const problem of problems) {
    const key = tripleKey(problem.subject, problem.predicate, problem.object);
    if (!byTriple.has(key)) byTriple.set(key, problem);
  }
  const order = ({ measured }: FindingsSoFar['documents'][number]): string =>
    `${measured.baseName} ${measured.sha256}`;
  for (const { measured, parsed } of documents.toSorted((a, b) => compareText(order(a), order(b)))) {
    let index = 0;
    for (const { subject, predicate, object } of parsed?.quads ?? []) {
      const problem = byTriple.get(tripleKey(subject, predicate.value, object));
      if (problem !== undefined) return { problem, location: await locateQuad(openInput(measured), index) };
      index += 1;
    }
  }
  return undefined;
}

function tripleKey(subject: Term, predicate: string, object: Term): string {
  return `${termKey(subject)} ${predicate} ${termKey(object)}`;
}
