import type { Quad } from '@rdfjs/types';
import type { AgentOutcome, AgentReceipt, ExecutionProgress } from '../agent.ts';
import { AgentError, toAgentError } from '../errors.ts';
import { Pauses } from '../pauses.ts';
import { type CanonicalGraph, canonicalizeGraph } from '../rdf/canonical-graph.ts';
import { type InputFile, type MeasuredInput, measureInput, openInput, openText } from '../rdf/input-file.ts';
import { OWL, RDF } from '../rdf/namespaces.ts';
import { type ParsedDocument, baseIriOf, parseRdf } from '../rdf/parse.ts';
import { compareText } from '../rdf/terms.ts';
import { type N3, TripleGraph } from '../rdf/triple-graph.ts';
import { determinismHash } from '../recording/determinism-hash.ts';
import { ClassHierarchy } from '../shacl/class-hierarchy.ts';
import { evaluateShapes } from '../shacl/engine.ts';
import { summarizeShapes } from '../shacl/shapes.ts';
import { SparqlEvaluation } from '../shacl/sparql-evaluation.ts';
import { readSparqlParts } from '../shacl/sparql-parts.ts';
import { type Violation, sortViolations } from '../shacl/violation.ts';
import { loadOxigraph } from '../sparql/oxigraph.ts';
import { QueryGraph } from '../sparql/query-graph.ts';
import { type DocumentRole, type FindingsSoFar, findingsOf } from './findings.ts';
import { type Gate, evaluateGates, readGate } from './gates.ts';
import { refuseIllFormedShapes } from './ill-formed-shapes.ts';
import type { ReceiptDurations, ValidationFindings } from './receipt.ts';
import { Stopwatch } from './stopwatch.ts';

/** Documents of a validation. */
export type ValidationInputs = {
  /** Ontology: at least one document. Together they are one data graph. */
  readonly spec: readonly InputFile[];
  /** Shapes: together one shapes graph. @default those in the spec itself */
  readonly shapes?: readonly InputFile[];
  /** SPARQL queries on the data graph. An `ASK` that is true is a violation, and so is each row of a `SELECT`. */
  readonly gates?: readonly InputFile[];
  /**
   * Documents that others may import by `owl:imports`, each with its `iri` or with an `owl:Ontology` in it. They are used only
   * where they are imported.
   */
  readonly import?: readonly InputFile[];
};

/** Result of a validation, not recorded. */
export interface ValidationOutcome extends AgentOutcome {
  readonly findings: ValidationFindings;
  readonly violations: readonly Violation[];
  readonly durationsMs: ReceiptDurations;
  /** IRIs of the prefixes that the documents declare, to shorten IRIs. */
  readonly prefixes: ReadonlyMap<string, string>;
  /** Reason why the run could not finish, with its cause and location. */
  readonly error: AgentError | null;
}

/** JSON of a stored validation receipt. */
export type ValidationReceipt = AgentReceipt<ValidationOutcome>;

/** Document with its role, through all stages. */
interface RoledDocument {
  readonly role: DocumentRole;
  readonly measured: MeasuredInput;
  parsed?: ParsedDocument;
  gate?: Gate;
}

/**
 * Validates documents with SHACL Core and SHACL-SPARQL. Writes nothing and never rejects: a failure is an outcome with an `error`.
 *
 * @param signal - ends the validation between stages, with the error `ABORTED`
 * @param progress - its steps are the shapes, by name
 */
export async function validate(
  inputs: ValidationInputs,
  signal?: AbortSignal,
  { onStep, reached }: ExecutionProgress = {},
): Promise<ValidationOutcome> {
  let shape = reached;
  const beginShape = (name: string): void => {
    shape = name;
    onStep?.(name);
  };
  const stopwatch = new Stopwatch();
  const documents = documentsOf(inputs);
  const found: FindingsSoFar = { documents, violations: [] };
  const pauses = new Pauses(signal);
  try {
    await pauses.pause();
    await stopwatch.time('parse', () => parseAll(documents, pauses));
    await pauses.pause();
    const graphs = await stopwatch.time('canonicalize', () => buildGraphs(documents, found, pauses));
    await pauses.pause();
    const gates = documents.flatMap(({ gate }) => gate ?? []);
    await stopwatch.time('validate', () => validateGraphs(graphs, gates, found, pauses, beginShape));
    shape = undefined;
    await pauses.pause();
  } catch (failure) {
    found.error = atShape(toAgentError(failure, signal), shape);
  }
  const findings = findingsOf(found);
  return {
    findings,
    determinismHash: determinismHash(findings),
    violations: found.violations,
    durationsMs: stopwatch.durations(),
    prefixes: prefixesOf(documents),
    omitted: omittedFrom(findings),
    error: found.error ?? null,
  };
}

/**
 * Hashes the graphs of documents without validating them. Never rejects: a failure is in `error`.
 *
 * @param signal - ends the work with the error `ABORTED`
 */
export async function hashGraphs(
  inputs: ValidationInputs,
  signal?: AbortSignal,
): Promise<Pick<ValidationFindings, 'data_graph' | 'shapes_graph' | 'error'>> {
  const documents = documentsOf(inputs);
  const found: FindingsSoFar = { documents, violations: [] };
  const pauses = new Pauses(signal);
  try {
    await parseAll(documents, pauses);
    await buildGraphs(documents, found, pauses);
  } catch (failure) {
    found.error = toAgentError(failure, signal);
  }
  return findingsOf(found);
}

/** Names the shape at which the time was over, if one had begun: in the hint, because the message is part of the findings. */
function atShape(error: AgentError, shape: string | undefined): AgentError {
  if (error.code !== 'TIME_LIMIT' || shape === undefined) return error;
  const { message, cause, hint } = error;
  const reached = `The time was over in the evaluation of ${shape}.`;
  return new AgentError('TIME_LIMIT', message, {
    cause,
    hint: hint === undefined ? reached : `${reached} ${hint}`,
  });
}

/** Lists the parts of the shapes that were left out. What an ontology without shapes imports is not a part of any. */
function omittedFrom({ counts, shapes_source, not_evaluated }: ValidationFindings): readonly string[] {
  const hasNoShapes = shapes_source === 'spec' && counts?.shapes === 0;
  return hasNoShapes ? not_evaluated.filter((part) => !part.startsWith('owl:imports ')) : not_evaluated;
}

function documentsOf({
  spec,
  shapes = [],
  import: imports = [],
  gates = [],
}: ValidationInputs): RoledDocument[] {
  return [
    ...inOrder('spec', spec),
    ...inOrder('shapes', shapes),
    ...inOrder('import', imports),
    ...inOrder('gates', gates),
  ];
}

/** Puts documents into a fixed order, so that no finding, the first error included, depends on the order given. */
function inOrder(role: DocumentRole, files: readonly InputFile[]): RoledDocument[] {
  const key = ({ measured }: RoledDocument): string => `${measured.baseName} ${measured.sha256 ?? ''}`;
  return files
    .map((file): RoledDocument => ({ role, measured: measureInput(file) }))
    .toSorted((a, b) => compareText(key(a), key(b)));
}

async function parseAll(documents: readonly RoledDocument[], pauses: Pauses): Promise<void> {
  const contexts = contextsIn(documents);
  for (const [index, document] of documents.entries()) {
    await pauses.pauseIfDue();
    const { measured } = document;
    if (document.role === 'gates') {
      document.gate = readGate(measured);
      continue;
    }
    const base = baseIriIn(documents, measured);
    document.parsed = await parseRdf(openInput(measured), `d${index}_`, base, contexts);
  }
}

/** Returns the texts of imported documents in JSON-LD: others may use them as contexts. */
function contextsIn(documents: readonly RoledDocument[]): ReadonlyMap<string, string> {
  return new Map(
    documents.flatMap(({ role, measured }) => {
      const { iri, name, format } = measured.file;
      if (role !== 'import' || iri === undefined || measured.bytes === null) return [];
      const isJsonLd = format === 'JSON-LD' || (format === undefined && /\.jsonld$/i.test(name));
      return isJsonLd ? [[iri, openText(measured)] as const] : [];
    }),
  );
}

function baseIriIn(documents: readonly RoledDocument[], { file, baseName, sha256 }: MeasuredInput): string {
  if (file.iri !== undefined) return file.iri;
  const isShared = documents.some(
    ({ measured }) => measured.baseName === baseName && measured.sha256 !== sha256,
  );
  return isShared && sha256 !== null ? baseIriOf(baseName, sha256) : baseIriOf(baseName);
}

/** Both graphs of a validation. They are the same when the spec holds the shapes. */
interface ValidationGraphs {
  readonly n3: N3;
  readonly data: TripleGraph;
  readonly shapes: TripleGraph;
  readonly dataCanonical: CanonicalGraph;
  readonly shapesCanonical: CanonicalGraph;
}

async function buildGraphs(
  documents: readonly RoledDocument[],
  found: FindingsSoFar,
  pauses: Pauses,
): Promise<ValidationGraphs> {
  const n3 = await import('n3');
  const build = async (role: DocumentRole): Promise<readonly [TripleGraph, CanonicalGraph]> => {
    const quads = withImports(documents, role).flatMap(quadsOf);
    const canonical = await canonicalizeGraph(quads, role, pauses);
    return [new TripleGraph(n3, quads), canonical];
  };
  const [data, dataCanonical] = await build('spec');
  found.dataGraph = dataCanonical;
  const hasShapes = documents.some((document) => document.role === 'shapes');
  const [shapes, shapesCanonical] = hasShapes ? await build('shapes') : [data, dataCanonical];
  found.shapesGraph = shapesCanonical;
  return { n3, data, shapes, dataCanonical, shapesCanonical };
}

/** Finds documents by the IRIs by which others can import them: their own, or that of the ontology that they describe. */
function importableDocuments(documents: readonly RoledDocument[]): ReadonlyMap<string, RoledDocument> {
  const found = new Map<string, RoledDocument>();
  const add = (iri: string, document: RoledDocument): void => {
    if (!found.has(iri)) found.set(iri, document);
  };
  for (const document of documents) {
    const { iri } = document.measured.file;
    if (document.role === 'import' && iri !== undefined) add(iri, document);
  }
  for (const document of documents) {
    const ontologies = new Set(
      quadsOf(document)
        .filter(
          ({ predicate, object }) => predicate.value === `${RDF}type` && object.value === `${OWL}Ontology`,
        )
        .map(({ subject }) => subject.value),
    );
    for (const ontology of ontologies) add(ontology, document);
    if (ontologies.size === 0) continue;
    for (const { subject, predicate, object } of quadsOf(document)) {
      if (predicate.value === `${OWL}versionIRI` && ontologies.has(subject.value))
        add(object.value, document);
    }
  }
  return found;
}

/** Returns the documents of a role and those that they import, directly or not. */
function withImports(documents: readonly RoledDocument[], role: DocumentRole): RoledDocument[] {
  const byIri = importableDocuments(documents);
  const found = new Set(documents.filter((document) => document.role === role));
  for (const document of found) {
    for (const { predicate, object } of quadsOf(document)) {
      const imported = predicate.value === `${OWL}imports` ? byIri.get(object.value) : undefined;
      if (imported !== undefined) found.add(imported);
    }
  }
  return [...found];
}

function quadsOf(document: RoledDocument): readonly Quad[] {
  return document.parsed?.quads ?? [];
}

async function validateGraphs(
  graphs: ValidationGraphs,
  gates: readonly Gate[],
  found: FindingsSoFar,
  pauses: Pauses,
  beginShape: (name: string) => void,
): Promise<void> {
  const { n3, data, shapes, dataCanonical, shapesCanonical } = graphs;
  const parts = await readSparqlParts(shapes);
  await refuseIllFormedShapes(shapes, found.documents, parts.problems);
  const hierarchy = new ClassHierarchy(data, shapes);
  const imported = new Set(importableDocuments(found.documents).keys());
  const graph = parts.hasQueries || gates.length > 0 ? new QueryGraph(await loadOxigraph(), n3) : undefined;
  graph?.add(data);
  const { labels: dataLabels } = dataCanonical;
  const sparql = new SparqlEvaluation(parts, { shapes, graph, dataLabels });
  const { unevaluated } = parts;
  const summary = summarizeShapes(shapes, data, hierarchy, { sparql, unevaluated, imported });
  const evaluation = {
    n3,
    data,
    shapes,
    hierarchy,
    summary,
    sparql,
    dataLabels,
    shapesLabels: shapesCanonical.labels,
  };
  const ofShapes = await evaluateShapes(evaluation, pauses, beginShape);
  await pauses.pause();
  const ofGates =
    graph === undefined ? { violations: [], unevaluated: [] } : evaluateGates(gates, graph, dataLabels);
  found.violations = sortViolations([...ofShapes, ...ofGates.violations]);
  found.unevaluatedGates = ofGates.unevaluated;
  found.summary = summary;
}

/** Collects prefixes. The first declaration wins, and the spec's come before the shapes'. */
function prefixesOf(documents: readonly RoledDocument[]): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>();
  for (const { parsed } of documents) {
    for (const [prefix, iri] of parsed?.prefixes ?? []) {
      if (!prefixes.has(prefix)) prefixes.set(prefix, iri);
    }
  }
  return prefixes;
}
