import type { Term } from '@rdfjs/types';
import { DASH, SH } from '../rdf/namespaces.ts';
import { compareText, renderTerm } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

/** Subject of a message. */
export interface MessageSubject {
  readonly shapes: TripleGraph;
  readonly shapesLabels: ReadonlyMap<string, string>;
  /** Violated shape. */
  readonly shape: Term;
  /** Local name of the violated component, or its IRI or label. */
  readonly component: string;
  /** Value that violates the shape, written as a term. */
  readonly value: string | null;
}

/** One sentence for each component. `{$name}` stands for the value of a parameter, `{$value}` for the value node. */
const DEFAULT_MESSAGES: Readonly<Record<string, string>> = {
  AndConstraintComponent: 'Does not conform to all of {$and}',
  ClassConstraintComponent: 'Is not an instance of {$class}',
  ClosedConstraintComponent: 'The shape is closed and does not allow this property',
  DatatypeConstraintComponent: 'Is not a well-formed literal of datatype {$datatype}',
  DisjointConstraintComponent: 'Is also a value of {$disjoint}, which must share none',
  EqualsConstraintComponent: 'Is not a value of both this property and {$equals}',
  HasValueConstraintComponent: 'Has not all of the required values {$hasValue}',
  InConstraintComponent: 'Is not one of {$in}',
  LanguageInConstraintComponent: 'Is not in one of the languages {$languageIn}',
  LessThanConstraintComponent: 'Is not less than every value of {$lessThan}',
  LessThanOrEqualsConstraintComponent: 'Is not less than or equal to every value of {$lessThanOrEquals}',
  MaxCountConstraintComponent: 'Has more values than the allowed {$maxCount}',
  MaxExclusiveConstraintComponent: 'Is not less than {$maxExclusive}',
  MaxInclusiveConstraintComponent: 'Is not at most {$maxInclusive}',
  MaxLengthConstraintComponent: 'Is longer than {$maxLength} characters',
  MinCountConstraintComponent: 'Has fewer values than the required {$minCount}',
  MinExclusiveConstraintComponent: 'Is not greater than {$minExclusive}',
  MinInclusiveConstraintComponent: 'Is not at least {$minInclusive}',
  MinLengthConstraintComponent: 'Is shorter than {$minLength} characters',
  NodeConstraintComponent: 'Does not conform to {$node}',
  NodeKindConstraintComponent: 'Is not of node kind {$nodeKind}',
  NotConstraintComponent: 'Conforms to {$not}, which it must not',
  OrConstraintComponent: 'Conforms to none of {$or}',
  PatternConstraintComponent: 'Does not match the pattern {$pattern}',
  QualifiedMaxCountConstraintComponent:
    'More than {$qualifiedMaxCount} values conform to {$qualifiedValueShape}',
  QualifiedMinCountConstraintComponent:
    'Fewer than {$qualifiedMinCount} values conform to {$qualifiedValueShape}',
  [`${DASH}SingleLineConstraintComponent`]: 'Contains a line break',
  SPARQLConstraintComponent: 'Does not satisfy a SPARQL constraint',
  UniqueLangConstraintComponent: 'Has more than one value in the same language',
  XoneConstraintComponent: 'Does not conform to exactly one of {$xone}',
};

/** Parameters with a list as value. Messages show its members. */
const LIST_PARAMETERS: ReadonlySet<string> = new Set(['and', 'or', 'xone', 'in', 'languageIn']);
/** List members shown at most, because a message is one line. */
const MAX_SHOWN_MEMBERS = 10;

/**
 * Returns the message of a violation: the shape's `sh:message` (of several, the one without a language, else the English
 * one), or a sentence made from the constraint.
 */
export function messageOf(subject: MessageSubject): string {
  const template =
    declaredMessage(subject.shapes, subject.shape) ??
    DEFAULT_MESSAGES[subject.component] ??
    `Does not conform to ${subject.component.startsWith('_:') ? subject.component : `<${subject.component}>`}`;
  return template.replace(/\{[$?](\w+)\}/g, (placeholder, name: string) => {
    if (name === 'value') return subject.value ?? placeholder;
    return describeParameter(subject, name) ?? placeholder;
  });
}

/** Returns the `sh:message` of a node: of several, the one without a language, else the English one. */
export function declaredMessage(shapes: TripleGraph, node: Term): string | undefined {
  const rank = (term: Term): string => {
    const language = term.termType === 'Literal' ? term.language : '';
    const group = language === '' ? 0 : /^en(?:-|$)/i.test(language) ? 1 : 2;
    return `${group} ${language} ${term.value}`;
  };
  const [first] = shapes.objects(node, `${SH}message`).toSorted((a, b) => compareText(rank(a), rank(b)));
  return first?.value;
}

function describeParameter(subject: MessageSubject, name: string): string | undefined {
  const values = subject.shapes.objects(subject.shape, SH + name);
  if (values.length === 0) return undefined;
  const members = LIST_PARAMETERS.has(name) ? values.flatMap((list) => subject.shapes.list(list)) : values;
  const shown = members.slice(0, MAX_SHOWN_MEMBERS).map((member) => describeTerm(subject, member));
  // A list keeps its order. Several values of one parameter have none, so they are sorted.
  const ordered = LIST_PARAMETERS.has(name) && values.length === 1 ? shown : shown.toSorted(compareText);
  const rest = members.length - shown.length;
  return ordered.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function describeTerm({ shapes, shapesLabels }: MessageSubject, term: Term): string {
  if (term.termType === 'Literal') return term.language === '' ? term.value : renderTerm(term, shapesLabels);
  if (term.termType !== 'BlankNode') return renderTerm(term, shapesLabels);
  const [name] = shapes.objects(term, `${SH}name`);
  return name === undefined ? 'a shape without a name' : `"${name.value}"`;
}
