import type { Term } from '@rdfjs/types';
import { DASH, SH, XSD } from '../rdf/namespaces.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { isInteger, isWellFormed } from './literals.ts';

/** Rule for the values of a parameter of SHACL Core. */
export interface ParameterType {
  /** Values that SHACL allows, for the error message. */
  readonly expected: string;
  readonly accepts: (value: Term, shapes: TripleGraph) => boolean;
  /** True when a shape has at most one value. */
  readonly single?: boolean;
  /** True when a node shape cannot have the parameter. */
  readonly propertyShapesOnly?: boolean;
}

const isIri = (term: Term): boolean => term.termType === 'NamedNode';
const isString = (term: Term): boolean =>
  term.termType === 'Literal' && term.datatype.value === `${XSD}string`;
const isBoolean = (term: Term): boolean =>
  term.termType === 'Literal' &&
  term.datatype.value === `${XSD}boolean` &&
  (term.value === 'true' || term.value === 'false');
const isList = (term: Term, shapes: TripleGraph): boolean => shapes.isList(term);

const IRI = { expected: 'an IRI', accepts: isIri } as const;
const INTEGER = { expected: 'an integer', accepts: isInteger, single: true } as const;
const BOOLEAN = { expected: 'true or false', accepts: isBoolean, single: true } as const;
/** Boolean that SHACL's test suite wants accepted as `"1"` too, without the effect of `true`. */
const ANY_BOOLEAN = {
  expected: 'true or false',
  accepts: (term: Term): boolean =>
    term.termType === 'Literal' && term.datatype.value === `${XSD}boolean` && isWellFormed(term) === true,
  single: true,
} as const;
const STRING = { expected: 'a string without a language', accepts: isString, single: true } as const;
const BOUND = {
  expected: 'a well-formed literal',
  accepts: (term: Term): boolean => term.termType === 'Literal' && isWellFormed(term) !== false,
  single: true,
} as const;
const LIST = { expected: 'an RDF list', accepts: isList } as const;
const NODE_KINDS: ReadonlySet<string> = new Set(
  ['IRI', 'Literal', 'BlankNode', 'BlankNodeOrIRI', 'BlankNodeOrLiteral', 'IRIOrLiteral'].map(
    (kind) => SH + kind,
  ),
);

/** Types of the parameters, by predicate (SHACL, sections 2 and 4). Parameters with shapes as values are not here. */
export const PARAMETER_TYPES: ReadonlyMap<string, ParameterType> = new Map([
  [`${DASH}singleLine`, BOOLEAN],
  ...Object.entries<ParameterType>({
    targetClass: IRI,
    targetSubjectsOf: IRI,
    targetObjectsOf: IRI,
    targetNode: {
      expected: 'an IRI or a literal',
      accepts: (term) => term.termType === 'NamedNode' || term.termType === 'Literal',
    },
    severity: { ...IRI, single: true },
    message: {
      expected: 'a text',
      accepts: (term) => isString(term) || (term.termType === 'Literal' && term.language !== ''),
    },
    deactivated: ANY_BOOLEAN,
    class: IRI,
    datatype: { ...IRI, single: true },
    nodeKind: {
      expected: 'one of the node kinds of SHACL, such as sh:IRI or sh:Literal',
      accepts: (term) => isIri(term) && NODE_KINDS.has(term.value),
      single: true,
    },
    minCount: { ...INTEGER, propertyShapesOnly: true },
    maxCount: { ...INTEGER, propertyShapesOnly: true },
    minExclusive: BOUND,
    minInclusive: BOUND,
    maxExclusive: BOUND,
    maxInclusive: BOUND,
    minLength: INTEGER,
    maxLength: INTEGER,
    pattern: STRING,
    flags: STRING,
    languageIn: {
      expected: 'an RDF list of language ranges such as "en"',
      accepts: (term, shapes) => isList(term, shapes) && shapes.list(term).every(isString),
      single: true,
    },
    uniqueLang: { ...ANY_BOOLEAN, propertyShapesOnly: true },
    equals: IRI,
    disjoint: IRI,
    lessThan: { ...IRI, propertyShapesOnly: true },
    lessThanOrEquals: { ...IRI, propertyShapesOnly: true },
    qualifiedMinCount: INTEGER,
    qualifiedMaxCount: INTEGER,
    qualifiedValueShapesDisjoint: ANY_BOOLEAN,
    closed: BOOLEAN,
    ignoredProperties: {
      expected: 'an RDF list of IRIs',
      accepts: (term, shapes) => isList(term, shapes) && shapes.list(term).every(isIri),
      single: true,
    },
    in: { ...LIST, single: true },
  }).map(([name, type]): [string, ParameterType] => [SH + name, type]),
]);
