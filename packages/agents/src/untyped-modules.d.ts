/**
 * Types for the parts of packages that this package uses. n3 and rdf-canonize ship no types. Those of the streaming
 * parsers, rdf-validate-shacl and `@types/n3` refer to Node's types, which code for the browser must not see. Those of oxigraph differ
 * between its builds for Node and for browsers.
 */

declare module 'n3' {
  import type { DatasetCore, Quad } from '@rdfjs/types';

  export interface Token {
    readonly type: string;
    readonly value: string;
    readonly prefix: string;
    /** Line number from 1. */
    readonly line: number;
    /** First column from 0, in UTF-16 code units of `line`. */
    readonly start: number;
    /** Column after the token, on `endLine` if there is one, else on `line`. */
    readonly end: number;
    readonly endLine?: number;
  }

  export interface ParseError extends Error {
    readonly context?: {
      /** Undefined when no token could be read. */
      readonly token?: Token;
      readonly line: number;
      readonly previousToken?: Token;
    };
  }

  export class Parser {
    constructor(options: {
      format: string;
      baseIRI?: string;
      blankNodePrefix?: string;
      factory?: import('@rdfjs/types').DataFactory;
      maxTripleTermDepth?: number;
    });
    parse(
      input: string | { on(event: 'data' | 'end' | 'error', listener: (part: string) => void): void },
      callbacks: {
        onQuad: (error: ParseError | null, quad: Quad | null) => void;
        onPrefix?: (prefix: string, iri: { readonly value: string }) => void;
        onToken?: (token: Token) => void;
      },
    ): void;
  }

  export class Store implements DatasetCore {
    constructor(quads?: readonly Quad[]);
    readonly size: number;
    add(quad: Quad): this;
    delete(quad: Quad): this;
    has(quad: Quad): boolean;
    match: DatasetCore['match'];
    [Symbol.iterator](): Iterator<Quad>;
  }

  export const DataFactory: import('@rdfjs/types').DataFactory;
}

declare module 'rdfxml-streaming-parser' {
  import type { DataFactory, Quad } from '@rdfjs/types';

  export interface XmlTag {
    readonly attributes: Readonly<Record<string, { value: string }>>;
  }

  export class RdfXmlParser {
    constructor(options: { baseIRI: string; dataFactory: DataFactory; trackPosition: boolean });
    on(event: 'data', listener: (quad: Quad) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'end', listener: () => void): this;
    write(text: string): boolean;
    end(): void;
    /** Called at the beginning of each element. */
    onTag(tag: XmlTag): void;
    /** Not declared by the package. Closing it reports a document that is not complete. */
    readonly saxParser: { close(): void };
  }
}

declare module 'jsonld-streaming-parser' {
  import type { DataFactory, Quad } from '@rdfjs/types';

  export class JsonLdParser {
    constructor(options: {
      baseIRI: string;
      dataFactory: DataFactory;
      documentLoader: { load(iri: string): Promise<unknown> };
    });
    on(event: 'data', listener: (quad: Quad) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'end', listener: () => void): this;
    write(text: string): boolean;
    end(): void;
  }
}

declare module 'rdf-canonize/lib/NQuads.js' {
  import type { Quad } from '@rdfjs/types';

  const NQuads: {
    /** Writes a statement in canonical N-Quads, with a line feed. */
    serializeQuad(quad: Quad): string;
  };
  export default NQuads;
}

declare module 'rdf-canonize/lib/RDFC10.js' {
  import type { Quad } from '@rdfjs/types';

  export interface MessageDigest {
    update(text: string): void;
    digest(): string | Promise<string>;
  }

  export interface Issuer {
    clone(): Issuer;
    getId(label: string): string;
    hasId(label: string): boolean;
    getOldIds(): string[];
  }

  export interface NDegreeResult {
    readonly hash: string;
    readonly issuer: Issuer;
  }

  export default class RDFC10 {
    constructor(options: {
      createMessageDigest?: () => MessageDigest;
      canonicalIdMap?: Map<string, string>;
      maxDeepIterations?: number;
    });
    /** Statements and first-degree hash of each blank node, by the label that the parser gave. */
    readonly blankNodeInfo: ReadonlyMap<
      string,
      { readonly quads: ReadonlySet<Quad>; readonly hash: string | null }
    >;
    readonly canonicalIssuer: Issuer;
    main(dataset: Iterable<Quad>): Promise<string>;
    hashNDegreeQuads(id: string, issuer: Issuer): Promise<NDegreeResult>;
    _yield(): Promise<void>;
  }
}

declare module 'rdf-validate-shacl' {
  import type { DatasetCore, Literal, NamedNode, Quad, Term } from '@rdfjs/types';

  /** Property path: a predicate, a sequence, or one of the operators. */
  export type Path =
    | NamedNode
    | Path[]
    | { readonly or: Path[] }
    | { readonly inverse: Path }
    | { readonly zeroOrOne: Path }
    | { readonly zeroOrMore: Path }
    | { readonly oneOrMore: Path };

  /** Our own: a path that the engine takes for a predicate. */
  export interface PathTerm {
    readonly termType: 'NamedNode';
    readonly value: string;
    readonly path: Path;
  }

  /** Graph as the engine reads it. */
  export interface DataPointer {
    readonly dataset: {
      match(
        subject: Term,
        predicate?: Term | null,
        object?: Term | null,
      ): Iterable<Quad> & { readonly size: number };
    };
    node(subject: Term): { out(predicate: Term | PathTerm): { readonly terms: readonly Term[] } };
  }

  export interface Shape {
    readonly shapeNode: Term;
    pathObject: Path | PathTerm | null;
    deactivated: boolean;
    getValueNodes(focusNode: Term, data: DataPointer): readonly Term[];
  }

  export interface Constraint {
    readonly shape: Shape;
    getParameterValue(parameter: NamedNode): Term | undefined;
  }

  /** `true` or an empty list: conforms. `false`: one result. A list: one result for each entry. */
  export type Verdict = boolean | readonly FoundResult[];

  /** Result of a validator. The engine itself reads the first two. */
  export interface FoundResult {
    readonly value?: Term;
    readonly path?: NamedNode;
    readonly message?: string;
    readonly sourceConstraint?: Term;
  }

  /** Result in a report that the engine writes. */
  export interface ResultPointer {
    addOut(predicate: NamedNode, object: Term): void;
  }

  export interface ConstraintValidator {
    /** Checks each value node by itself. */
    validate?(context: SHACLValidator, focusNode: Term, valueNode: Term, constraint: Constraint): Verdict;
    /** Checks the focus node of a node shape. */
    nodeValidate?(context: SHACLValidator, focusNode: Term, unused: null, constraint: Constraint): Verdict;
    /** Checks all value nodes of a property shape together. */
    propertyValidate?(
      context: SHACLValidator,
      focusNode: Term,
      unused: null,
      constraint: Constraint,
    ): Verdict;
  }

  export interface ConstraintComponent {
    readonly node: Term;
    readonly parameters: readonly Term[];
    readonly requiredParameters: readonly Term[];
    readonly validator: ConstraintValidator;
    readonly nodeValidationFunction: object | undefined;
    /** True when the function checks each value node by itself. */
    readonly nodeValidationFunctionGeneric: boolean;
    readonly propertyValidationFunction: object | undefined;
    readonly propertyValidationFunctionGeneric: boolean;
    getMessages(): readonly string[];
    isComplete(values: { has(parameter: Term): boolean }): boolean;
  }

  export interface ValidationResult {
    readonly path: Term | null;
    readonly focusNode: Term | null;
    readonly severity: Term | null;
    readonly sourceConstraintComponent: Term | null;
    readonly sourceShape: Term | null;
    readonly value: Term | null;
    readonly term: Term;
    readonly dataset: DatasetCore;
    readonly message: readonly Literal[];
  }

  export interface ShapesGraph {
    getShape(shapeNode: Term): Shape;
    getComponentWithParameter(parameter: Term): ConstraintComponent | undefined;
  }

  /** One evaluation and its results. */
  export interface ValidationEngine {
    clone(options?: object): ValidationEngine;
    /** @returns true when there is a violation */
    validateNodeAgainstShape(focusNode: Term, shape: Shape, data: DataPointer): boolean;
    getReport(): { readonly results: readonly ValidationResult[] };
    copyNestedStructure(): void;
    copySourceShapeStructure(): void;
    createResultMessages(): readonly Literal[];
    createResultFromObject(
      found: unknown,
      constraint: Constraint,
      focusNode: Term,
      valueNode: Term | null,
    ): ResultPointer | null;
  }

  export default class SHACLValidator {
    constructor(shapes: Iterable<Quad>, options?: { maxNodeChecks?: number });
    validators: Map<Term, ConstraintValidator>;
    validationEngine: ValidationEngine;
    readonly $data: DataPointer;
    shapesGraph: ShapesGraph;
    setDataGraph(data: DataPointer): void;
    nodeConformsToShape(focusNode: Term, shapeNode: Term): boolean;
  }
}

declare module 'rdf-validate-shacl/src/shapes-graph.js' {
  import type SHACLValidator from 'rdf-validate-shacl';
  import type { ConstraintComponent, Shape } from 'rdf-validate-shacl';

  export default class ShapesGraph {
    constructor(validator: SHACLValidator);
    getShape(shapeNode: import('@rdfjs/types').Term): Shape;
    getComponentWithParameter(parameter: import('@rdfjs/types').Term): ConstraintComponent | undefined;
  }
}

declare module 'oxigraph' {
  import type { Quad, Term } from '@rdfjs/types';

  export class Store {
    readonly size: number;
    add(quad: Quad): void;
    load(text: string, options: { readonly format: string; readonly lenient?: boolean }): void;
    /** Solutions of a `SELECT`, the answer of an `ASK`. */
    query(query: string): boolean | Map<string, Term>[];
  }

  export function fromQuad(quad: Quad): Quad;

  /** The build for browsers fetches its WebAssembly with it. That for Node has none. */
  const initialize: (() => Promise<unknown>) | undefined;
  export default initialize;
}
