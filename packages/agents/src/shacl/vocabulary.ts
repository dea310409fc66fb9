import { SH } from '../rdf/namespaces.ts';

function shaclTerms(names: string): readonly string[] {
  return names.split(' ').map((name) => SH + name);
}

/** Predicates that point a shape at its focus nodes (SHACL, section 2.1.3). */
export const TARGET_PREDICATES: readonly string[] = shaclTerms(
  'targetClass targetNode targetSubjectsOf targetObjectsOf',
);

/** Parameters that by themselves make a constraint (SHACL, section 4). */
export const CONSTRAINT_PREDICATES: readonly string[] = [
  ...shaclTerms('class datatype nodeKind minCount maxCount'),
  ...shaclTerms('minExclusive minInclusive maxExclusive maxInclusive'),
  ...shaclTerms('minLength maxLength pattern languageIn uniqueLang'),
  ...shaclTerms('equals disjoint lessThan lessThanOrEquals'),
  ...shaclTerms('not and or xone node property qualifiedMinCount qualifiedMaxCount'),
  ...shaclTerms('closed hasValue in'),
];

/** Parameters whose value is a shape. */
export const SHAPE_PREDICATES: readonly string[] = shaclTerms('property node not qualifiedValueShape');

/** Parameters whose value is a list of shapes. */
export const SHAPE_LIST_PREDICATES: readonly string[] = shaclTerms('and or xone');

const CORE_PREDICATES: ReadonlySet<string> = new Set([
  ...TARGET_PREDICATES,
  ...CONSTRAINT_PREDICATES,
  ...shaclTerms('path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath'),
  ...shaclTerms('flags qualifiedValueShape qualifiedValueShapesDisjoint ignoredProperties'),
  // Without effect on what conforms.
  ...shaclTerms('severity message deactivated name description order group defaultValue'),
  ...shaclTerms('declare prefix namespace shapesGraph suggestedShapesGraph shapesGraphWellFormed'),
  // Reports may lie beside the shapes.
  ...shaclTerms('conforms result resultSeverity focusNode resultPath value sourceShape'),
  ...shaclTerms('sourceConstraintComponent sourceConstraint detail resultMessage'),
]);

/** Whether a predicate of SHACL's namespace asks for something that is not evaluated here, or is misspelt. */
export function isBeyondCore(predicate: string): boolean {
  return predicate.startsWith(SH) && !CORE_PREDICATES.has(predicate);
}
