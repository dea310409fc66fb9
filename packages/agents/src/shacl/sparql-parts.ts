import type { NamedNode, Term } from '@rdfjs/types';
import { AgentError } from '../errors.ts';
import { DASH, OWL, RDF, SH, XSD } from '../rdf/namespaces.ts';
import { compareText, termKey } from '../rdf/terms.ts';
import type { TripleGraph } from '../rdf/triple-graph.ts';
import { shortened } from '../shortened.ts';
import {
  type Oxigraph,
  OutOfQueryMemory,
  TOO_MUCH_MEMORY,
  callOxigraph,
  loadOxigraph,
} from '../sparql/oxigraph.ts';
import type { PreparedQuery } from '../sparql/query-graph.ts';
import { type PreboundNames, QueryText, prefixDeclaration } from '../sparql/query-text.ts';
import { describeShape } from './shape-names.ts';
import { isDeactivated } from './shapes.ts';
import type { UnevaluatedStatement } from './unevaluated.ts';
import { CONSTRAINT_PREDICATES, shortName } from './vocabulary.ts';
import type { ShapeProblem } from './well-formed.ts';

/** Query with the node that holds it. */
export interface DeclaredQuery extends PreparedQuery {
  /** Constraint, validator or target. */
  readonly node: Term;
}

/** Parameter of a constraint component or a target type. */
export interface DeclaredParameter {
  readonly path: NamedNode;
  /** Name of its variable. */
  readonly name: string;
  readonly isOptional: boolean;
}

/** Constraint component with SPARQL validators that some shape uses. */
export interface DeclaredComponent {
  readonly node: Term;
  readonly parameters: readonly DeclaredParameter[];
  readonly forNodes: DeclaredQuery | undefined;
  readonly forProperties: DeclaredQuery | undefined;
}

/** SPARQL target of a shape, with the values of its type's parameters. */
export interface DeclaredTarget {
  readonly query: DeclaredQuery;
  readonly bindings: ReadonlyMap<string, Term>;
}

/** Parts of a shapes graph that use SPARQL. */
export interface SparqlParts {
  /** True when a query must be evaluated. Without one, the SPARQL engine is not loaded. */
  readonly hasQueries: boolean;
  /** Queries of `sh:sparql`, by key of the constraint. One that is deactivated has none. */
  readonly constraints: ReadonlyMap<string, DeclaredQuery>;
  readonly components: readonly DeclaredComponent[];
  /** By key of the shape. */
  readonly targets: ReadonlyMap<string, readonly DeclaredTarget[]>;
  /** What makes the shapes graph ill-formed. */
  readonly problems: readonly ShapeProblem[];
  readonly unevaluated: readonly UnevaluatedStatement[];
}

/** Variables that have values in every query of a constraint. Sub-queries need not return the last two. */
const THIS = 'this';
const OF_SHAPES = ['shapesGraph', 'currentShape'];
const RESERVED: ReadonlySet<string> = new Set([THIS, ...OF_SHAPES, 'PATH', 'path', 'value']);
/** Characters of an engine's message that are shown. */
const MAX_SHOWN = 160;

/**
 * Reads the parts of a shapes graph that use SPARQL. Loads the SPARQL engine if there are any.
 *
 * @param leftOut - texts of queries that ended the engine before; they are named and not evaluated
 */
export async function readSparqlParts(
  shapes: TripleGraph,
  leftOut: ReadonlySet<string> = new Set(),
): Promise<SparqlParts> {
  const hasQueries = ['sparql', 'target', 'validator', 'nodeValidator', 'propertyValidator'].some(
    (name) => shapes.subjects(SH + name).length > 0,
  );
  if (!hasQueries) {
    return {
      hasQueries: false,
      constraints: new Map(),
      components: [],
      targets: new Map(),
      problems: [],
      unevaluated: [],
    };
  }
  return new SparqlReader(shapes, leftOut).read();
}

/** Reason why a query cannot be evaluated. */
class Refusal {
  readonly isIllFormed: boolean;
  readonly text: string;
  readonly hint: string | undefined;

  constructor(text: string, { isIllFormed = true, hint }: { isIllFormed?: boolean; hint?: string } = {}) {
    this.text = text;
    this.isIllFormed = isIllFormed;
    this.hint = hint;
  }
}

/** Statement by which a shape uses a query. */
interface Use {
  readonly shape: Term;
  readonly predicate: string;
  readonly object: Term;
  /** Name of the part in messages. */
  readonly part: string;
}

class SparqlReader {
  readonly #shapes: TripleGraph;
  readonly #leftOut: ReadonlySet<string>;
  readonly #problems: Map<string, ShapeProblem> = new Map();
  readonly #unevaluated: UnevaluatedStatement[] = [];
  #oxigraph: Oxigraph | undefined;

  constructor(shapes: TripleGraph, leftOut: ReadonlySet<string>) {
    this.#shapes = shapes;
    this.#leftOut = leftOut;
  }

  async read(): Promise<SparqlParts> {
    const constraints = await this.#readConstraints();
    const components = await this.#readComponents();
    const targets = await this.#readTargets();
    return {
      hasQueries: this.#oxigraph !== undefined,
      constraints,
      components,
      targets,
      problems: [...this.#problems.values()],
      unevaluated: this.#unevaluated,
    };
  }

  async #readConstraints(): Promise<ReadonlyMap<string, DeclaredQuery>> {
    const found = new Map<string, DeclaredQuery>();
    const names = { required: [THIS], optional: OF_SHAPES };
    for (const shape of distinct(this.#shapes.subjects(`${SH}sparql`))) {
      for (const constraint of this.#shapes.objects(shape, `${SH}sparql`)) {
        if (isDeactivated(this.#shapes, constraint)) continue;
        const use = { shape, predicate: `${SH}sparql`, object: constraint, part: 'sh:sparql' };
        const query = await this.#readQuery(constraint, 'select', names);
        if (query instanceof Refusal) this.#refuse(query, use, constraint);
        else if (this.#usesPath(query, shape)) this.#refuse(PATH_NEEDED, use, constraint);
        else found.set(termKey(constraint), query);
      }
    }
    return found;
  }

  async #readComponents(): Promise<readonly DeclaredComponent[]> {
    const found: DeclaredComponent[] = [];
    const taken = new Set<string>();
    const candidates = distinct(
      ['validator', 'nodeValidator', 'propertyValidator'].flatMap((name) => this.#shapes.subjects(SH + name)),
    );
    for (const node of candidates) {
      // Libraries of shapes describe SHACL's own components by queries too. Those are evaluated without them.
      if (node.value.startsWith(SH)) continue;
      if (node.value === `${DASH}SingleLineConstraintComponent`) continue;
      const parameters = this.#readParameters(node);
      const required = parameters.filter(({ isOptional }) => !isOptional);
      const users = required.length > 0 ? this.#usersOf(required) : this.#usersOfAny(parameters);
      if (users.length === 0) continue;
      const reason = reasonToLeaveOut(parameters, taken);
      if (reason !== undefined) {
        const refusal = new Refusal(reason, { isIllFormed: false });
        for (const use of this.#usesOf(node, required.length > 0 ? required : parameters, users))
          this.#refuse(refusal, use, node);
        continue;
      }
      for (const { path } of parameters) taken.add(path.value);
      const component: DeclaredComponent = {
        node,
        parameters,
        forNodes: await this.#readValidator(node, 'nodeValidator', parameters, users),
        forProperties: await this.#readValidator(node, 'propertyValidator', parameters, users),
      };
      found.push(component);
    }
    return found;
  }

  /** Reads the validator that a component has for node shapes, or for property shapes, if any shape of the kind uses it. */
  async #readValidator(
    component: Term,
    kind: 'nodeValidator' | 'propertyValidator',
    parameters: readonly DeclaredParameter[],
    users: readonly Term[],
  ): Promise<DeclaredQuery | undefined> {
    const ofKind = users.filter((shape) => this.#hasPath(shape) === (kind === 'propertyValidator'));
    if (ofKind.length === 0) return undefined;
    const required = parameters.filter(({ isOptional }) => !isOptional);
    const uses = this.#usesOf(component, required, ofKind);
    const [validator] = [kind, 'validator']
      .map((name) => this.#shapes.objects(component, SH + name))
      .find((nodes) => nodes.length > 0)
      ?.toSorted((a, b) => compareText(termKey(a), termKey(b))) ?? [undefined];
    const names = parameters.map(({ name }) => name);
    const form =
      validator !== undefined && this.#shapes.objects(validator, `${SH}ask`).length > 0 ? 'ask' : 'select';
    const isSparql = validator !== undefined && this.#shapes.objects(validator, SH + form).length > 0;
    const query = isSparql
      ? await this.#readQuery(validator, form, {
          required: form === 'ask' ? [THIS, 'value', ...names] : [THIS, ...names],
          optional: OF_SHAPES,
        })
      : new Refusal('it has no SPARQL validator for this kind of shape', { isIllFormed: false });
    if (!(query instanceof Refusal)) {
      if (kind === 'propertyValidator' || !query.text.variables.has('PATH')) return query;
      for (const use of uses) this.#refuse(PATH_NEEDED, use, query.node);
      return undefined;
    }
    for (const use of uses) this.#refuse(query, use, validator ?? component);
    return undefined;
  }

  async #readTargets(): Promise<ReadonlyMap<string, readonly DeclaredTarget[]>> {
    const found = new Map<string, DeclaredTarget[]>();
    for (const shape of distinct(this.#shapes.subjects(`${SH}target`))) {
      const targets: DeclaredTarget[] = [];
      for (const target of this.#shapes.objects(shape, `${SH}target`)) {
        const read = await this.#readTarget(target);
        if (!(read instanceof Refusal)) targets.push(read);
        else
          this.#refuse(read, { shape, predicate: `${SH}target`, object: target, part: 'sh:target' }, target);
      }
      found.set(termKey(shape), targets);
    }
    return found;
  }

  async #readTarget(target: Term): Promise<DeclaredTarget | Refusal> {
    const isOwn = this.#shapes.objects(target, `${SH}select`).length > 0;
    const type = isOwn
      ? target
      : this.#shapes
          .objects(target, `${RDF}type`)
          .find((each) => this.#shapes.objects(each, `${SH}select`).length > 0);
    if (type === undefined) return new Refusal('it has no SPARQL query', { isIllFormed: false });
    const bindings = new Map<string, Term>();
    for (const { path, name, isOptional } of isOwn ? [] : this.#readParameters(type)) {
      const [value] = this.#shapes.objects(target, path.value);
      if (value !== undefined) bindings.set(name, value);
      else if (!isOptional) return new Refusal(`it has no value of the parameter ${name}`);
    }
    const query = await this.#readQuery(type, 'select', { required: [...bindings.keys()], optional: [] });
    if (query instanceof Refusal) return query;
    return query.text.variables.has(THIS)
      ? { query, bindings }
      : new Refusal('its query does not return $this');
  }

  #readParameters(node: Term): readonly DeclaredParameter[] {
    const parameters = this.#shapes.objects(node, `${SH}parameter`).flatMap((parameter) => {
      const [path] = this.#shapes.objects(parameter, `${SH}path`);
      const name = /[\p{L}_][\p{L}\p{N}_.-]*$/u.exec(path?.value ?? '')?.[0] ?? '';
      if (path?.termType === 'NamedNode' && /^[\p{L}\p{N}_]+$/u.test(name) && !RESERVED.has(name))
        return [{ path, name, isOptional: this.#isTrue(parameter, 'optional') }];
      const problem = 'the sh:path of a sh:parameter must be an IRI that ends in the name of a variable';
      this.#addProblem({ subject: node, predicate: `${SH}parameter`, object: parameter, problem });
      return [];
    });
    return parameters.toSorted((a, b) => compareText(a.path.value, b.path.value));
  }

  /** Returns the nodes that have a value of every required parameter. */
  #usersOf(required: readonly DeclaredParameter[]): Term[] {
    const [first, ...others] = required;
    if (first === undefined) return [];
    return distinct(this.#shapes.subjects(first.path.value)).filter((shape) =>
      others.every(({ path }) => this.#shapes.objects(shape, path.value).length > 0),
    );
  }

  /** Returns the nodes that have a value of any of the parameters. */
  #usersOfAny(parameters: readonly DeclaredParameter[]): Term[] {
    return distinct(parameters.flatMap(({ path }) => this.#shapes.subjects(path.value)));
  }

  /** Returns the statements by which shapes use a component, one parameter of it for each shape. */
  #usesOf(component: Term, parameters: readonly DeclaredParameter[], users: readonly Term[]): Use[] {
    const part =
      component.termType === 'BlankNode' ? 'a constraint component without an IRI' : `<${component.value}>`;
    const own = parameters.map(({ path }) => path.value).filter((predicate) => !isBuiltIn(predicate));
    return users.flatMap((shape): Use[] => {
      const predicate = own.find((each) => this.#shapes.objects(shape, each).length > 0);
      // A value of a parameter of SHACL's own stays: the constraint that SHACL gives it is evaluated.
      if (predicate === undefined) return [{ shape, predicate: `${SH}parameter`, object: component, part }];
      return this.#shapes.objects(shape, predicate).map((object) => ({ shape, predicate, object, part }));
    });
  }

  async #readQuery(
    node: Term,
    form: 'select' | 'ask',
    names: PreboundNames,
  ): Promise<DeclaredQuery | Refusal> {
    const [value, ...others] = this.#shapes.objects(node, SH + form);
    const isString = value?.termType === 'Literal' && value.datatype.value === `${XSD}string`;
    if (!isString || others.length > 0) return new Refusal(`it needs one text as sh:${form}`);
    const prefixes = this.#prefixesOf(node);
    if (prefixes instanceof Refusal) return prefixes;
    const text = new QueryText(value.value);
    if (text.form !== form.toUpperCase())
      return new Refusal(`its sh:${form} is no ${form.toUpperCase()} query`);
    const problem = text.problem(names);
    if (problem !== undefined)
      return new Refusal(
        `its query ${problem.isIllFormed ? 'is not allowed' : 'cannot be evaluated'}: ${problem.text}`,
        {
          isIllFormed: problem.isIllFormed,
        },
      );
    if (this.#leftOut.has(text.source))
      return new Refusal(`its query ${TOO_MUCH_MEMORY}`, { isIllFormed: false });
    this.#oxigraph ??= await loadOxigraph();
    return refusalByEngine(this.#oxigraph, { text, prefixes }, names) ?? { node, text, prefixes };
  }

  /** Collects prefixes over `sh:prefixes/owl:imports* /sh:declare` (SHACL, section 5.2.1). */
  #prefixesOf(node: Term): string | Refusal {
    const sources = new Map(
      this.#shapes.objects(node, `${SH}prefixes`).map((source): [string, Term] => [termKey(source), source]),
    );
    const namespaces = new Map<string, string>();
    for (const source of sources.values()) {
      for (const imported of this.#shapes.objects(source, `${OWL}imports`))
        sources.set(termKey(imported), imported);
      for (const declaration of this.#shapes.objects(source, `${SH}declare`)) {
        const [prefix, ...prefixes] = this.#shapes.objects(declaration, `${SH}prefix`);
        const [namespace, ...more] = this.#shapes.objects(declaration, `${SH}namespace`);
        if (prefix === undefined || namespace === undefined || prefixes.length + more.length > 0)
          return new Refusal('a sh:declare of its prefixes needs one sh:prefix and one sh:namespace');
        if ((namespaces.get(prefix.value) ?? namespace.value) !== namespace.value)
          return new Refusal(`its prefix "${prefix.value}" is declared with two namespaces`);
        if (prefixDeclaration(prefix.value, namespace.value) === undefined)
          return new Refusal(`its prefix "${prefix.value}" or the namespace of that is not one of SPARQL`);
        namespaces.set(prefix.value, namespace.value);
      }
    }
    return [...namespaces]
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([prefix, namespace]) => prefixDeclaration(prefix, namespace) ?? '')
      .join('');
  }

  #refuse({ isIllFormed, text, hint }: Refusal, { shape, predicate, object, part }: Use, node: Term): void {
    if (!isIllFormed) {
      const where = describeShape(this.#shapes, shape);
      this.#unevaluated.push({ subject: shape, predicate, object, text: `${part} in ${where}: ${text}` });
      return;
    }
    const own = ['select', 'ask'].flatMap((form) =>
      this.#shapes
        .objects(node, SH + form)
        .map((query) => ({ subject: node, predicate: SH + form, object: query })),
    )[0];
    this.#addProblem({
      ...(own ?? { subject: shape, predicate, object }),
      problem: `${part}: ${text}`,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #addProblem(problem: ShapeProblem): void {
    const key = `${termKey(problem.subject)} ${problem.predicate} ${termKey(problem.object)}`;
    if (!this.#problems.has(key)) this.#problems.set(key, problem);
  }

  #usesPath(query: DeclaredQuery, shape: Term): boolean {
    return query.text.variables.has('PATH') && !this.#hasPath(shape);
  }

  #hasPath(shape: Term): boolean {
    return this.#shapes.objects(shape, `${SH}path`).length > 0;
  }

  #isTrue(node: Term, name: string): boolean {
    return this.#shapes.objects(node, SH + name).some(({ value }) => value === 'true');
  }
}

const PATH_NEEDED = new Refusal('its query uses $PATH, but the shape has no sh:path');

/** Lets the engine read a query, without any data. */
function refusalByEngine(
  { Store }: Oxigraph,
  { text, prefixes }: PreparedQuery,
  { required, optional }: PreboundNames,
): Refusal | undefined {
  const names = [...required, ...optional].filter((name) => text.variables.has(name));
  const values = `VALUES (${names.map((name) => `?${name}`).join(' ')}) { (${names.map(() => '<a:a>').join(' ')}) }`;
  try {
    const written = prefixes + text.written(names.length === 0 ? '' : values, '<a:a>', 1);
    callOxigraph(text.source, () => new Store().query(written));
    return undefined;
  } catch (cause) {
    if (cause instanceof OutOfQueryMemory) {
      const message = `A query of the shapes cannot be read: it ${TOO_MUCH_MEMORY}`;
      throw new AgentError('QUERY_LIMIT', message, { cause, query: cause.query });
    }
    const message = (cause instanceof Error ? cause.message : String(cause)).replace(
      /^error at [\d:-]+: /,
      '',
    );
    if (message.includes('is not supported')) return new Refusal(message, { isIllFormed: false });
    const shown = shortened(message.replaceAll(/\s+/g, ' '), MAX_SHOWN);
    return new Refusal(`its query is not SPARQL: ${shown}`, {
      hint: 'Prefixes of the document do not count in a query: declare them by sh:prefixes and sh:declare.',
    });
  }
}

/** Returns why a component in use cannot be evaluated beside those that took their parameters before. */
function reasonToLeaveOut(
  parameters: readonly DeclaredParameter[],
  taken: ReadonlySet<string>,
): string | undefined {
  const builtIn = parameters.find(({ path }) => isBuiltIn(path.value));
  // The engine finds the component of a constraint by its parameter: SHACL's own would no longer be found.
  if (builtIn !== undefined)
    return `its parameter ${shortName(builtIn.path.value)} is one of ${builtIn.path.value.startsWith(SH) ? 'SHACL' : 'DASH'} itself`;
  if (parameters.every(({ isOptional }) => isOptional)) return 'all of its parameters are optional';
  return parameters.some(({ path }) => taken.has(path.value))
    ? 'it shares a parameter with another component'
    : undefined;
}

/** True for a parameter that has a meaning without the component of a shapes graph. */
function isBuiltIn(predicate: string): boolean {
  return predicate.startsWith(SH) || CONSTRAINT_PREDICATES.includes(predicate);
}

function distinct(terms: readonly Term[]): Term[] {
  return [...new Map(terms.map((term) => [termKey(term), term])).values()];
}
