import type { Quad_Object, Term } from '@rdfjs/types';
import { OWL, SH } from '../rdf/namespaces.ts';
import { compareText, termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { dependenciesOf, reachable } from './negations.ts';
import { PatternError } from './pattern-reader.ts';
import { describeShape } from './shape-names.ts';
import { isNotEvaluated, shortName } from './vocabulary.ts';
import { translatePattern } from './xpath-pattern.ts';

/** Parts of a shapes graph that are not evaluated. */
export interface UnevaluatedParts {
  /** One text for each, sorted. */
  readonly texts: readonly string[];
  /** True for a statement that the evaluation must not see. */
  readonly has: (subject: Term, predicate: string, object: Term) => boolean;
}

/** Statement that is not evaluated, with the text that names it. */
export interface UnevaluatedStatement {
  readonly subject: Term;
  readonly predicate: string;
  readonly object: Term;
  readonly text: string;
}

/** Constraints that negate a shape, and the counts of those that may do so. */
const NEGATING = [`${SH}not`, `${SH}xone`, `${SH}qualifiedMaxCount`, `${SH}qualifiedMinCount`];

/**
 * Finds what cannot be evaluated: constraints beyond this package, misspelt parameters, patterns that cannot be translated,
 * imports.
 *
 * A shape without one of its constraints accepts more than it should. Where a negation leads to it, that would report
 * violations which are none, so the negation is not evaluated either.
 *
 * @param imported - IRIs of documents that were given, so that their imports are complete
 * @param others - statements that are not evaluated for a reason of their own
 */
export function findUnevaluated(
  shapes: TripleGraph,
  imported: ReadonlySet<string>,
  others: readonly UnevaluatedStatement[] = [],
): UnevaluatedParts {
  const texts = new Set<string>();
  const statements = new Set<string>();
  const incomplete = new Set<string>();
  const add = (subject: Term, predicate: string, object: Term, text: string): void => {
    texts.add(text);
    statements.add(statementKey(subject, predicate, object));
    incomplete.add(termKey(subject));
  };
  for (const { subject, predicate, object } of shapes.store) {
    const { value } = predicate;
    if (isNotEvaluated(value)) add(subject, value, object, shortName(value));
    else if (value === `${OWL}imports`) {
      if (!imported.has(object.value)) texts.add(`owl:imports <${object.value}>`);
    } else if (value === `${SH}pattern`) {
      const problem = patternProblem(shapes, subject, object);
      if (problem !== undefined)
        add(subject, value, object, `sh:pattern in ${describeShape(shapes, subject)}: ${problem}`);
    }
  }
  for (const { subject, predicate, object, text } of others) add(subject, predicate, object, text);
  if (incomplete.size > 0) addNegations(shapes, incomplete, add);
  return {
    texts: [...texts].toSorted(compareText),
    has: (subject, predicate, object) => statements.has(statementKey(subject, predicate, object)),
  };
}

function patternProblem(shapes: TripleGraph, shape: Term, pattern: Term): string | undefined {
  const [flags] = shapes.objects(shape, `${SH}flags`);
  try {
    translatePattern(pattern.value, flags?.value ?? '');
    return undefined;
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause;
    return cause.message;
  }
}

function addNegations(
  shapes: TripleGraph,
  incomplete: ReadonlySet<string>,
  add: (subject: Term, predicate: string, object: Term, text: string) => void,
): void {
  const { forward, negations } = dependenciesOf(shapes);
  const isIncomplete = (shape: string): boolean =>
    [...reachable(shape, forward)].some((key) => incomplete.has(key));
  const negating = new Set(negations.filter(([, negated]) => isIncomplete(negated)).map(([shape]) => shape));
  if (negating.size === 0) return;
  for (const predicate of NEGATING) {
    for (const { subject, object } of shapes.store.match(null, shapes.iri(predicate))) {
      if (!negating.has(termKey(subject)) || !concerns(shapes, predicate, object, isIncomplete)) continue;
      const text = `${shortName(predicate)} in ${describeShape(shapes, subject)}: it depends on what is not evaluated`;
      add(subject, predicate, object, text);
    }
  }
}

/** True when a negating constraint leads to an incomplete shape. Counts belong to whatever shape they count. */
function concerns(
  shapes: TripleGraph,
  predicate: string,
  object: Quad_Object,
  isIncomplete: (shape: string) => boolean,
): boolean {
  if (predicate === `${SH}not`) return isIncomplete(termKey(object));
  if (predicate !== `${SH}xone`) return true;
  return shapes.list(object).some((member) => isIncomplete(termKey(member)));
}

function statementKey(subject: Term, predicate: string, object: Term): string {
  return `${termKey(subject)} ${predicate} ${termKey(object)}`;
}
