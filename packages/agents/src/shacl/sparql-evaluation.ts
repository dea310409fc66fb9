import type { Term } from '@rdfjs/types';
import type { Constraint, FoundResult } from 'rdf-validate-shacl';
import { AgentError } from '../errors.ts';
import { SH } from '../rdf/namespaces.ts';
import { renderTerm, termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { OutOfQueryMemory } from '../sparql/oxigraph.ts';
import { type Bindings, type QueryGraph, SHAPES_GRAPH } from '../sparql/query-graph.ts';
import type { AddedComponent } from './added-component.ts';
import { declaredMessage } from './messages.ts';
import { renderPath } from './property-path.ts';
import { describeShape } from './shape-names.ts';
import type { DeclaredComponent, DeclaredQuery, SparqlParts } from './sparql-parts.ts';

/** Graphs of an evaluation. */
export interface SparqlContext {
  readonly shapes: TripleGraph;
  readonly dataLabels: ReadonlyMap<string, string>;
  readonly shapesLabels: ReadonlyMap<string, string>;
  /** Graph with the data; `undefined` when there are no queries. */
  readonly graph: QueryGraph | undefined;
}

/** Evaluates the SPARQL queries of a shapes graph. */
export class SparqlEvaluation {
  readonly #parts: SparqlParts;
  readonly #context: SparqlContext;

  constructor(parts: SparqlParts, context: SparqlContext) {
    this.#parts = parts;
    this.#context = context;
    const queries = [
      ...parts.constraints.values(),
      ...parts.components.flatMap(({ forNodes, forProperties }) => [forNodes, forProperties]),
    ];
    if (queries.some((query) => query?.text.variables.has('shapesGraph') === true))
      context.graph?.add(context.shapes, SHAPES_GRAPH, context.shapesLabels);
  }

  /**
   * Returns the focus nodes that the SPARQL targets of a shape select.
   *
   * @throws {AgentError} INVALID_SHAPES, QUERY_LIMIT
   */
  targetNodes(shape: Term): Term[] {
    const { shapes } = this.#context;
    return (this.#parts.targets.get(termKey(shape)) ?? []).flatMap(({ query, bindings }) => {
      try {
        return this.#select(query, bindings).flatMap((row) => row.get('this') ?? []);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const message = `The sh:target of ${describeShape(shapes, shape)} cannot be evaluated: ${reason}`;
        throw cause instanceof OutOfQueryMemory
          ? new AgentError('QUERY_LIMIT', message, { cause, query: cause.query })
          : new AgentError('INVALID_SHAPES', message, { cause });
      }
    });
  }

  /** True when a shape has a value of every required parameter of a SPARQL-based component. */
  isConstrained(shape: Term): boolean {
    const { shapes } = this.#context;
    return this.#parts.components.some(({ parameters }) =>
      parameters.every(({ isOptional, path }) => isOptional || shapes.objects(shape, path.value).length > 0),
    );
  }

  /** Makes the constraint components of `sh:sparql` and those that the shapes graph declares. */
  components(): AddedComponent[] {
    if (this.#context.graph === undefined) return [];
    return [this.#sparqlComponent(), ...this.#parts.components.map((each) => this.#declaredComponent(each))];
  }

  #sparqlComponent(): AddedComponent {
    const { shapes } = this.#context;
    const parameter = shapes.iri(`${SH}sparql`);
    const check = (focusNode: Term, constraint: Constraint): readonly FoundResult[] => {
      const node = constraint.getParameterValue(parameter);
      const query = node === undefined ? undefined : this.#parts.constraints.get(termKey(node));
      if (node === undefined || query === undefined) return [];
      const template = declaredMessage(shapes, node) ?? declaredMessage(shapes, constraint.shape.shapeNode);
      const found = this.#results(query, focusNode, constraint, { parameters: new Map(), template });
      return found.map((result) => Object.assign(result, { sourceConstraint: node }));
    };
    return {
      node: shapes.iri(`${SH}SPARQLConstraintComponent`),
      parameters: [parameter],
      required: [parameter],
      validator: {
        nodeValidate: (_engine, focusNode, _unused, constraint) => check(focusNode, constraint),
        propertyValidate: (_engine, focusNode, _unused, constraint) => check(focusNode, constraint),
      },
    };
  }

  #declaredComponent(component: DeclaredComponent): AddedComponent {
    const { node, parameters, forNodes, forProperties } = component;
    return {
      node,
      parameters: parameters.map(({ path }) => path),
      required: parameters.filter(({ isOptional }) => !isOptional).map(({ path }) => path),
      validator: {
        nodeValidate: (_engine, focusNode, _unused, constraint) =>
          this.#validated(component, forNodes, focusNode, constraint, [focusNode]),
        propertyValidate: (engine, focusNode, _unused, constraint) =>
          this.#validated(
            component,
            forProperties,
            focusNode,
            constraint,
            constraint.shape.getValueNodes(focusNode, engine.$data),
          ),
      },
    };
  }

  #validated(
    { node, parameters }: DeclaredComponent,
    query: DeclaredQuery | undefined,
    focusNode: Term,
    constraint: Constraint,
    valueNodes: readonly Term[],
  ): readonly FoundResult[] {
    // One that cannot be evaluated was named before.
    if (query === undefined) return [];
    const { shapes } = this.#context;
    const values = new Map(
      parameters.flatMap(({ path, name }) => {
        const value = constraint.getParameterValue(path);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    const template = [constraint.shape.shapeNode, query.node, node]
      .map((each) => declaredMessage(shapes, each))
      .find((text) => text !== undefined);
    if (query.text.form === 'SELECT')
      return this.#results(query, focusNode, constraint, { parameters: values, template });
    const path = this.#pathOf(constraint);
    return valueNodes.flatMap((value) => {
      const bindings = this.#bindings(focusNode, constraint, new Map([...values, ['value', value]]));
      if (this.#context.graph?.ask(query, bindings, path) !== false) return [];
      return [this.#result({ value }, template, bindings, path)];
    });
  }

  /** Makes a result of each solution (SHACL, section 5.3.2). */
  #results(
    query: DeclaredQuery,
    focusNode: Term,
    constraint: Constraint,
    { parameters, template }: { parameters: Bindings; template: string | undefined },
  ): FoundResult[] {
    const path = this.#pathOf(constraint);
    const bindings = this.#bindings(focusNode, constraint, parameters);
    return this.#select(query, bindings, path).map((row) => {
      if (row.get('failure')?.value === 'true') throw new Error('its query reports a failure');
      const value = row.get('value') ?? (path === undefined ? focusNode : undefined);
      const rowPath = row.get('path');
      const found: FoundResult = {
        ...(value === undefined ? {} : { value }),
        ...(rowPath?.termType === 'NamedNode' ? { path: rowPath } : {}),
      };
      const all = new Map([...bindings, ...(value === undefined ? [] : [['value', value] as const]), ...row]);
      return this.#result(found, row.get('message')?.value ?? template, all, path);
    });
  }

  #result(
    found: FoundResult,
    template: string | undefined,
    bindings: Bindings,
    path: string | undefined,
  ): FoundResult {
    if (template === undefined) return found;
    const message = template.replace(/\{[$?](\w+)\}/g, (placeholder, name: string) => {
      if (name === 'PATH' && path !== undefined) return path;
      const term = bindings.get(name);
      if (term === undefined) return placeholder;
      return term.termType === 'Literal' ? term.value : renderTerm(term, this.#context.dataLabels);
    });
    return { ...found, message };
  }

  #bindings(focusNode: Term, { shape }: Constraint, others: Bindings): Bindings {
    const { shapes } = this.#context;
    return new Map([
      ['this', focusNode],
      ['shapesGraph', shapes.iri(SHAPES_GRAPH)],
      ['currentShape', shape.shapeNode],
      ...others,
    ]);
  }

  #pathOf({ shape }: Constraint): string | undefined {
    const { shapes } = this.#context;
    const [path] = shapes.objects(shape.shapeNode, `${SH}path`);
    return path === undefined ? undefined : renderPath(shapes, path);
  }

  #select(query: DeclaredQuery, bindings: Bindings, path?: string): Bindings[] {
    return this.#context.graph?.select(query, bindings, path) ?? [];
  }
}
