import { DASH, SH } from '../rdf/namespaces.ts';

function shaclTerms(names: string): readonly string[] {
  return names.split(' ').map((name) => SH + name);
}

/** Predicates that give a shape its focus nodes (SHACL, section 2.1.3; SHACL Advanced Features, section 3). */
export const TARGET_PREDICATES: readonly string[] = shaclTerms(
  'targetClass targetNode targetSubjectsOf targetObjectsOf target',
);

/** Parameters that declare a constraint (SHACL, sections 4 and 5). */
export const CONSTRAINT_PREDICATES: readonly string[] = [
  ...shaclTerms('class datatype nodeKind minCount maxCount'),
  ...shaclTerms('minExclusive minInclusive maxExclusive maxInclusive'),
  ...shaclTerms('minLength maxLength pattern languageIn uniqueLang'),
  ...shaclTerms('equals disjoint lessThan lessThanOrEquals'),
  ...shaclTerms('not and or xone node property qualifiedMinCount qualifiedMaxCount'),
  ...shaclTerms('closed hasValue in sparql'),
  `${DASH}singleLine`,
];

/** Parameters with a shape as value. */
export const SHAPE_PREDICATES: readonly string[] = shaclTerms('property node not qualifiedValueShape');

/** Parameters with a list of shapes as value. */
export const SHAPE_LIST_PREDICATES: readonly string[] = shaclTerms('and or xone');

const EVALUATED_PREDICATES: ReadonlySet<string> = new Set([
  ...TARGET_PREDICATES,
  ...CONSTRAINT_PREDICATES,
  ...shaclTerms('path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath'),
  ...shaclTerms('flags qualifiedValueShape qualifiedValueShapesDisjoint ignoredProperties'),
  // Queries, and the components and targets made of them.
  ...shaclTerms('select ask prefixes parameter optional validator nodeValidator propertyValidator'),
  // No effect on conformance.
  ...shaclTerms('labelTemplate resultAnnotation annotationProperty annotationVarName annotationValue'),
  ...shaclTerms('severity message deactivated name description order group defaultValue'),
  ...shaclTerms('declare prefix namespace shapesGraph suggestedShapesGraph shapesGraphWellFormed'),
  // Validation reports may be stored with the shapes.
  ...shaclTerms('conforms result resultSeverity focusNode resultPath value sourceShape'),
  ...shaclTerms('sourceConstraintComponent sourceConstraint detail resultMessage'),
]);

/** Constraints of DASH (datashapes.org/constraints.html) without `dash:singleLine`, which is evaluated. */
const DASH_CONSTRAINTS: ReadonlySet<string> = new Set(
  (
    'closedByTypes coExistsWith fileExtension hasClass hasValueIn hasValueWithClass isIn maxFileSize ' +
    'nonRecursive reifiableBy rootClass stem subSetOf symmetric uniqueValueForClass uniqueValueForClasses'
  )
    .split(' ')
    .map((name) => DASH + name),
);

/** True when a predicate declares something that is not evaluated, or a misspelt name of SHACL. */
export function isNotEvaluated(predicate: string): boolean {
  return (
    (predicate.startsWith(SH) && !EVALUATED_PREDICATES.has(predicate)) || DASH_CONSTRAINTS.has(predicate)
  );
}

/** Writes a predicate of SHACL or DASH with its usual prefix. */
export function shortName(predicate: string): string {
  return predicate.startsWith(DASH)
    ? `dash:${predicate.slice(DASH.length)}`
    : `sh:${predicate.slice(SH.length)}`;
}
