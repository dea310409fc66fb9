import type { Term } from '@rdfjs/types';
import type SHACLValidator from 'rdf-validate-shacl';
import type { ConstraintComponent, ConstraintValidator } from 'rdf-validate-shacl';
import { DASH } from '../rdf/namespaces.ts';
import { termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';

/** Constraint component that the engine does not know. */
export interface AddedComponent {
  readonly node: Term;
  readonly parameters: readonly Term[];
  /** Parameters without which there is no constraint. */
  readonly required: readonly Term[];
  readonly validator: ConstraintValidator;
}

/** Writes a component in the form in which the engine keeps its own. */
function forEngine(
  { node, parameters, required, validator }: AddedComponent,
  engine: SHACLValidator,
): ConstraintComponent {
  const generic = validator.validate?.bind(undefined, engine);
  const forNodes = validator.nodeValidate?.bind(undefined, engine);
  const forProperties = validator.propertyValidate?.bind(undefined, engine);
  return {
    node,
    parameters,
    requiredParameters: required,
    validator,
    nodeValidationFunction: forNodes ?? generic,
    nodeValidationFunctionGeneric: forNodes === undefined,
    propertyValidationFunction: forProperties ?? generic,
    propertyValidationFunctionGeneric: forProperties === undefined,
    getMessages: () => [],
    isComplete: (values) => required.every((parameter) => values.has(parameter)),
  };
}

/** Makes `dash:singleLine` (datashapes.org/constraints.html): no line break in a literal. */
export function singleLineComponent(shapes: TripleGraph): AddedComponent {
  const parameter = shapes.iri(`${DASH}singleLine`);
  return {
    node: shapes.iri(`${DASH}SingleLineConstraintComponent`),
    parameters: [parameter],
    required: [parameter],
    validator: {
      validate: (_engine, _focusNode, value, constraint) =>
        constraint.getParameterValue(parameter)?.value !== 'true' ||
        value.termType !== 'Literal' ||
        !/[\r\n]/.test(value.value),
    },
  };
}

/** Components by parameter, as the engine looks for them. */
export function byParameter(
  components: readonly AddedComponent[],
  engine: SHACLValidator,
): ReadonlyMap<string, ConstraintComponent> {
  return new Map(
    components.flatMap((component) => {
      const made = forEngine(component, engine);
      return component.parameters.map((parameter) => [termKey(parameter), made] as const);
    }),
  );
}
