import { SH } from '../rdf/namespaces.ts';

function shaclTerms(names: string): readonly string[] {
  return names.split(' ').map((name) => SH + name);
}

/** Predicates that give a shape its focus nodes (SHACL, section 2.1.3). */
export const TARGET_PREDICATES: readonly string[] = shaclTerms(
  'targetClass targetNode targetSubjectsOf targetObjectsOf',
);

/** Parameters that declare a constraint (SHACL, section 4). */
export const CONSTRAINT_PREDICATES: readonly string[] = [
  ...shaclTerms('class datatype nodeKind minCount maxCount'),
  ...shaclTerms('minExclusive minInclusive maxExclusive maxInclusive'),
  ...shaclTerms('minLength maxLength pattern languageIn uniqueLang'),
  ...shaclTerms('equals disjoint lessThan lessThanOrEquals'),
  ...shaclTerms('not and or xone node property qualifiedMinCount qualifiedMaxCount'),
  ...shaclTerms('closed hasValue in'),
];

/** Parameters with a shape as value. */
export const SHAPE_PREDICATES: readonly string[] = shaclTerms('property node not qualifiedValueShape');

/** Parameters with a list of shapes as value. */
export const SHAPE_LIST_PREDICATES: readonly string[] = shaclTerms('and or xone');

const CORE_PREDICATES: ReadonlySet<string> = new Set([
  ...TARGET_PREDICATES,
  ...CONSTRAINT_PREDICATES,
  ...shaclTerms('path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath'),
  ...shaclTerms('flags qualifiedValueShape qualifiedValueShapesDisjoint ignoredProperties'),
  // No effect on conformance.
  ...shaclTerms('severity message deactivated name description order group defaultValue'),
  ...shaclTerms('declare prefix namespace shapesGraph suggestedShapesGraph shapesGraphWellFormed'),
  // Validation reports may be stored with the shapes.
  ...shaclTerms('conforms result resultSeverity focusNode resultPath value sourceShape'),
  ...shaclTerms('sourceConstraintComponent sourceConstraint detail resultMessage'),
]);

/** True when a predicate of SHACL's namespace is not evaluated by this package, or is misspelt. */
export function isBeyondCore(predicate: string): boolean {
  return predicate.startsWith(SH) && !CORE_PREDICATES.has(predicate);
}
