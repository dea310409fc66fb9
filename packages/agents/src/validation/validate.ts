import type { Quad } from '@rdfjs/types';
import { type AgentError, throwIfAborted, toAgentError } from '../errors.ts';
import { type CanonicalGraph, canonicalizeGraph } from '../rdf/canonical-graph.ts';
import { type InputFile, type MeasuredInput, measureInput, openInput } from '../rdf/input-file.ts';
import { type ParsedDocument, parseRdf } from '../rdf/parse.ts';
import { type N3, TripleGraph } from '../rdf/triple-graph.ts';
import { ClassHierarchy } from '../shacl/class-hierarchy.ts';
import { evaluateShapes } from '../shacl/engine.ts';
import { type ShapesSummary, summarizeShapes } from '../shacl/shapes.ts';
import { type Violation, violationsOf } from '../shacl/violation.ts';
import { type DocumentRole, type FindingsSoFar, findingsOf } from './findings.ts';
import type { ReceiptDurations, ValidationFindings } from './receipt.ts';
import { Stopwatch } from './stopwatch.ts';

/** What to validate, and with what. */
export interface ValidationInputs {
  /** The ontology: at least one document. Together they are one data graph. */
  readonly specs: readonly InputFile[];
  /** The shapes. @default those in the spec itself */
  readonly shapes?: readonly InputFile[];
}

/** What a validation found, before anybody recorded it. */
export interface ValidationOutcome {
  readonly findings: ValidationFindings;
  readonly violations: readonly Violation[];
  readonly durationsMs: ReceiptDurations;
  /** Prefixes the documents declared, name to IRI: to show IRIs short. */
  readonly prefixes: ReadonlyMap<string, string>;
  /** Why the run could not be finished, with its cause and the place in full. */
  readonly error: AgentError | null;
}

/** A document on its way through the stages. */
interface RoledDocument {
  readonly role: DocumentRole;
  readonly measured: MeasuredInput;
  parsed?: ParsedDocument;
}

/**
 * Validates documents with SHACL Core. It touches nothing but its arguments and never rejects: a failure is an
 * outcome with an `error`.
 *
 * @param inputs - the documents
 * @param signal - ends the work between stages, with the error `ABORTED`
 */
export async function validate(inputs: ValidationInputs, signal?: AbortSignal): Promise<ValidationOutcome> {
  const stopwatch = new Stopwatch();
  const documents = [
    ...inputs.specs.map((file): RoledDocument => ({ role: 'spec', measured: measureInput(file) })),
    ...(inputs.shapes ?? []).map((file): RoledDocument => ({ role: 'shapes', measured: measureInput(file) })),
  ];
  const found: FindingsSoFar = { documents, violations: [] };
  try {
    await stopwatch.time('parse', () => parseAll(documents, signal));
    const graphs = await stopwatch.time('canonicalize', () => buildGraphs(documents, found, signal));
    throwIfAborted(signal);
    await stopwatch.time('validate', () => validateGraphs(graphs, found));
    throwIfAborted(signal);
  } catch (failure) {
    found.error = toAgentError(failure, signal);
  }
  return {
    findings: findingsOf(found),
    violations: found.violations,
    durationsMs: stopwatch.durations(),
    prefixes: prefixesOf(documents),
    error: found.error ?? null,
  };
}

async function parseAll(documents: readonly RoledDocument[], signal: AbortSignal | undefined): Promise<void> {
  for (const [index, document] of documents.entries()) {
    throwIfAborted(signal);
    document.parsed = await parseRdf(openInput(document.measured), `d${index}_`);
  }
}

/** The two graphs of a validation, which are one where the spec holds the shapes. */
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
  signal: AbortSignal | undefined,
): Promise<ValidationGraphs> {
  const n3 = await import('n3');
  const build = async (role: DocumentRole): Promise<readonly [TripleGraph, CanonicalGraph]> => {
    const quads = documents.filter((document) => document.role === role).flatMap(quadsOf);
    const canonical = await canonicalizeGraph(new n3.Store(quads), role, signal);
    return [new TripleGraph(n3, quads), canonical];
  };
  const [data, dataCanonical] = await build('spec');
  found.dataGraph = dataCanonical;
  const hasShapes = documents.some((document) => document.role === 'shapes');
  const [shapes, shapesCanonical] = hasShapes ? await build('shapes') : [data, dataCanonical];
  found.shapesGraph = shapesCanonical;
  return { n3, data, shapes, dataCanonical, shapesCanonical };
}

function quadsOf(document: RoledDocument): readonly Quad[] {
  return document.parsed?.quads ?? [];
}

async function validateGraphs(graphs: ValidationGraphs, found: FindingsSoFar): Promise<void> {
  const { n3, data, shapes, dataCanonical, shapesCanonical } = graphs;
  const hierarchy = new ClassHierarchy(data, shapes);
  const summary: ShapesSummary = summarizeShapes(shapes, data, hierarchy);
  const results = await evaluateShapes({ n3, data, shapes, hierarchy, targeted: summary.targeted });
  found.violations = violationsOf(results, {
    shapes,
    dataLabels: dataCanonical.labels,
    shapesLabels: shapesCanonical.labels,
  });
  found.summary = summary;
}

/** The first declaration of a prefix stands, the specs' before the shapes'. */
function prefixesOf(documents: readonly RoledDocument[]): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>();
  for (const { parsed } of documents) {
    for (const [prefix, iri] of parsed?.prefixes ?? []) {
      if (!prefixes.has(prefix)) prefixes.set(prefix, iri);
    }
  }
  return prefixes;
}
