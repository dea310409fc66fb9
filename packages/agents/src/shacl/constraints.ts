import type { Literal, Term } from '@rdfjs/types';
import type { Constraint, ConstraintValidator } from 'rdf-validate-shacl';
import type { validateTerm } from 'rdf-validate-datatype';
import { SH } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import type { ClassHierarchy } from './class-hierarchy.ts';
import { compareLiterals, isWellFormed } from './literals.ts';
import { translatePattern } from './xpath-pattern.ts';

/** Graphs and functions that the constraints use. */
export interface ConstraintContext {
  readonly data: TripleGraph;
  readonly shapes: TripleGraph;
  readonly hierarchy: ClassHierarchy;
  /** Returns the value nodes of the constraint's shape. */
  readonly valueNodes: (focusNode: Term, constraint: Constraint) => readonly Term[];
  /** Checks the datatypes for which {@link isWellFormed} returns undefined. */
  readonly validateTerm: typeof validateTerm;
}

/**
 * Makes the constraint components that replace the engine's own, which miss violations or report false ones:
 *
 * - classes: axioms of both graphs, and cycles, which the engine follows forever;
 * - datatypes: dates that do not exist, the bounds of `xsd:int`, `xsd:gMonthDay`;
 * - order: exact beyond 2^53, by code point instead of by locale, ill-typed literals never in order;
 * - lengths in characters instead of UTF-16 units; language ranges by subtag (`en` is not `eng`), case-insensitive;
 * - `sh:equals` on a node shape: one result for each term that is missing on either side;
 * - node kinds of triple terms, which are of none and pass the engine's, and lists of values with base directions;
 * - patterns as XPath defines them, not JavaScript;
 * - `sh:node` without results of its own, which nobody reads and each level would copy;
 * - `sh:and` for each value, and each member by its own path.
 *
 * @returns validators by the local name of their component
 */
export function correctedConstraints(
  context: ConstraintContext,
): Readonly<Record<string, ConstraintValidator>> {
  const { data, shapes, hierarchy } = context;
  const parameter = (constraint: Constraint, name: string): Term | undefined =>
    constraint.getParameterValue(shapes.iri(SH + name));

  const eachValue = (
    name: string,
    holds: (value: Term, parameter: Term) => boolean,
  ): ConstraintValidator => ({
    validate: (_engine, _focusNode, value, constraint) => {
      const given = parameter(constraint, name);
      return given === undefined || holds(value, given);
    },
  });
  const range = (name: string, inOrder: (order: number) => boolean): ConstraintValidator =>
    eachValue(name, (value, bound) => {
      const order = compareLiterals(value, bound);
      return order !== null && inOrder(order);
    });
  const length = (name: string, holds: (count: number, bound: number) => boolean): ConstraintValidator =>
    eachValue(
      name,
      (value, bound) => isTextual(value) && holds(Array.from(value.value).length, Number(bound.value)),
    );
  const translations = new Map<string, RegExp>();
  const translation = (pattern: string, flags: string): RegExp => {
    const key = `${flags} ${pattern}`;
    const expression = translations.get(key) ?? translatePattern(pattern, flags);
    translations.set(key, expression);
    return expression;
  };
  const pair = (name: string, inOrder: (order: number) => boolean): ConstraintValidator => ({
    propertyValidate: (_engine, focusNode, _unused, constraint) => {
      const others = data.objects(focusNode, parameter(constraint, name)?.value ?? '');
      return context.valueNodes(focusNode, constraint).flatMap((value) =>
        others
          .filter((other) => {
            const order = compareLiterals(value, other);
            return order === null || !inOrder(order);
          })
          .map(() => ({ value })),
      );
    },
  });

  const allowed = new Map<string, ReadonlySet<string>>();
  const allowedIn = (list: Term): ReadonlySet<string> => {
    const known = allowed.get(termKey(list)) ?? new Set(shapes.list(list).map(termKey));
    allowed.set(termKey(list), known);
    return known;
  };

  const equals = (focusNode: Term, constraint: Constraint): { value: Term }[] => {
    const values = termsByKey(context.valueNodes(focusNode, constraint));
    const others = termsByKey(data.objects(focusNode, parameter(constraint, 'equals')?.value ?? ''));
    const isMissing = ([key]: [string, Term]): boolean => !values.has(key) || !others.has(key);
    return [...values, ...others].filter(isMissing).map(([, value]) => ({ value }));
  };

  return {
    AndConstraintComponent: {
      validate: (engine, _focusNode, value, constraint) => {
        const list = parameter(constraint, 'and');
        return (
          list === undefined || shapes.list(list).every((shape) => engine.nodeConformsToShape(value, shape))
        );
      },
    },
    ClassConstraintComponent: eachValue('class', (value, klass) => hierarchy.isInstance(data, value, klass)),
    DatatypeConstraintComponent: eachValue(
      'datatype',
      (value, datatype) =>
        value.termType === 'Literal' &&
        value.datatype.value === datatype.value &&
        (isWellFormed(value) ?? context.validateTerm(value)),
    ),
    EqualsConstraintComponent: {
      nodeValidate: (_engine, focusNode, _unused, constraint) => equals(focusNode, constraint),
      propertyValidate: (_engine, focusNode, _unused, constraint) => equals(focusNode, constraint),
    },
    InConstraintComponent: {
      validate: (_engine, _focusNode, value, constraint) => {
        const list = parameter(constraint, 'in');
        return list === undefined || allowedIn(list).has(termKey(value));
      },
    },
    LanguageInConstraintComponent: eachValue(
      'languageIn',
      (value, list) =>
        value.termType === 'Literal' &&
        shapes.list(list).some((languageRange) => matchesRange(value, languageRange.value)),
    ),
    LessThanConstraintComponent: pair('lessThan', (order) => order < 0),
    LessThanOrEqualsConstraintComponent: pair('lessThanOrEquals', (order) => order <= 0),
    MinExclusiveConstraintComponent: range('minExclusive', (order) => order > 0),
    MinInclusiveConstraintComponent: range('minInclusive', (order) => order >= 0),
    MaxExclusiveConstraintComponent: range('maxExclusive', (order) => order < 0),
    MaxInclusiveConstraintComponent: range('maxInclusive', (order) => order <= 0),
    MinLengthConstraintComponent: length('minLength', (count, bound) => count >= bound),
    MaxLengthConstraintComponent: length('maxLength', (count, bound) => count <= bound),
    NodeConstraintComponent: {
      validate: (engine, _focusNode, value, constraint) => {
        const shape = parameter(constraint, 'node');
        return shape === undefined || engine.nodeConformsToShape(value, shape);
      },
    },
    NodeKindConstraintComponent: eachValue('nodeKind', (value, { value: nodeKind }) =>
      (NODE_KINDS.get(value.termType) ?? []).some((name) => nodeKind === SH + name),
    ),
    PatternConstraintComponent: {
      validate: (_engine, _focusNode, value, constraint) => {
        const pattern = parameter(constraint, 'pattern');
        const flags = parameter(constraint, 'flags')?.value ?? '';
        return (
          pattern === undefined || (isTextual(value) && translation(pattern.value, flags).test(value.value))
        );
      },
    },
  };
}

/** Node kinds of a term. A triple term of RDF 1.2 is of none. */
const NODE_KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['BlankNode', ['BlankNode', 'BlankNodeOrIRI', 'BlankNodeOrLiteral']],
  ['Literal', ['Literal', 'BlankNodeOrLiteral', 'IRIOrLiteral']],
  ['NamedNode', ['IRI', 'BlankNodeOrIRI', 'IRIOrLiteral']],
]);

/** True for a term that has a text, as SPARQL's `str` defines it: an IRI or a literal. */
function isTextual({ termType }: Term): boolean {
  return termType === 'NamedNode' || termType === 'Literal';
}

function termsByKey(terms: readonly Term[]): Map<string, Term> {
  return new Map(terms.map((term) => [termKey(term), term]));
}

/** True when a literal's language matches a basic language range (RFC 4647, section 3.3.1), as in SPARQL's `langMatches`. */
function matchesRange(literal: Literal, range: string): boolean {
  const tag = literal.language.toLowerCase();
  const wanted = range.toLowerCase();
  return tag !== '' && (wanted === '*' || tag === wanted || tag.startsWith(`${wanted}-`));
}
