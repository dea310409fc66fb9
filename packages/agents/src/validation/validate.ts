import type { Quad } from '@rdfjs/types';
import type { AgentOutcome, AgentReceipt, ExecutionProgress } from '../agent.ts';
import { AgentError, toAgentError, withOthers } from '../errors.ts';
import { Pauses } from '../pauses.ts';
import { type CanonicalGraph, canonicalizeGraph } from '../rdf/canonical-graph.ts';
import { type InputFile, type MeasuredInput, measureInput, openInput, openText } from '../rdf/input-file.ts';
import { OWL, RDF } from '../rdf/namespaces.ts';
import { type ParseOptions, type ParsedDocument, baseIriOf, parseRdf } from '../rdf/parse.ts';
import { QuadTable } from '../rdf/quad-table.ts';
import { TermTable } from '../rdf/term-table.ts';
import { compareText } from '../rdf/terms.ts';
import { type N3, TripleGraph } from '../rdf/triple-graph.ts';
import { determinismHash } from '../recording/determinism-hash.ts';
import { ClassHierarchy } from '../shacl/class-hierarchy.ts';
import { type ShapeProgress, evaluateShapes } from '../shacl/engine.ts';
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
  /** Base of its relative IRIs, as it was parsed. */
  base?: string;
  /** Reason why an import could not be parsed. It matters only if the import is used. */
  failure?: unknown;
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
  { onStep, reached, leftOutQueries }: ExecutionProgress = {},
): Promise<ValidationOutcome> {
  let shape = reached;
  const beginShape = (name: string): void => {
    shape = name;
    onStep?.(name);
  };
  const stopwatch = new Stopwatch();
  const documents = documentsOf(inputs);
  const found: DocumentFindings = { documents, violations: [] };
  const pauses = new Pauses(signal);
  try {
    await pauses.pause();
    await stopwatch.time('parse', () => parseAll(documents, pauses));
    await pauses.pause();
    const graphs = await stopwatch.time('canonicalize', () => buildGraphs(documents, found, pauses));
    await pauses.pause();
    await stopwatch.time('validate', () =>
      validateGraphs(graphs, found, pauses, {
        beginShape,
        endShape: (time) => stopwatch.addShape(time),
        leftOut: new Set(leftOutQueries),
      }),
    );
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

/** Beginning of the texts that name imports which were not evaluated. */
const IMPORTS = 'owl:imports ';

/** Names imports that could not be parsed. */
function unparsed(documents: readonly RoledDocument[]): string[] {
  return documents.flatMap(({ measured, failure }) =>
    failure === undefined ? [] : [`${IMPORTS}from ${measured.baseName}: ${toAgentError(failure).message}`],
  );
}

/** Lists the parts of the shapes that were left out. What an ontology without shapes imports is not a part of any. */
function omittedFrom({ counts, shapes_source, not_evaluated }: ValidationFindings): readonly string[] {
  const hasNoShapes = shapes_source === 'spec' && counts?.shapes === 0;
  return hasNoShapes ? not_evaluated.filter((part) => !part.startsWith(IMPORTS)) : not_evaluated;
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
  const key = ({ measured }: RoledDocument): string =>
    `${measured.baseName} ${measured.sha256 ?? ''} ${measured.file.iri ?? ''}`;
  return files
    .map((file): RoledDocument => ({ role, measured: measureInput(file) }))
    .toSorted((a, b) => compareText(key(a), key(b)));
}

async function parseAll(documents: readonly RoledDocument[], pauses: Pauses): Promise<void> {
  const contexts = contextsIn(documents);
  const { DataFactory } = await import('n3');
  const terms = new TermTable(DataFactory);
  const parse = async (among: readonly RoledDocument[]): Promise<void> => {
    const names = new NamesInUse(among);
    const errors: AgentError[] = [];
    for (const document of among) {
      await pauses.pauseIfDue();
      const { role, measured } = document;
      const base = names.baseIriOf(measured);
      if (document.base === base) continue;
      document.base = base;
      try {
        if (role === 'gates') document.gate = readGate(measured, base);
        else {
          const blankNodeScope = `d${documents.indexOf(document)}_`;
          await parseDocument(document, { blankNodeScope, baseIRI: base, contexts, terms, pauses });
        }
      } catch (failure) {
        if (!(failure instanceof AgentError)) throw failure;
        errors.push(failure);
      }
    }
    // What is wrong with one document must not hide what is wrong with another.
    if (errors.length > 0) throw withOthers(errors);
  };
  await parse(documents);
  // A document that nothing imports must not decide against what base another one is read.
  const used = new Set(
    (['spec', 'shapes'] as const).flatMap((role) => withImports(documents, role).documents),
  );
  await parse(documents.filter((document) => used.has(document)));
}

/** Parses a document. What is wrong with an import that could be read is kept: it may be one that nothing imports. */
async function parseDocument(document: RoledDocument, options: ParseOptions): Promise<void> {
  const { role, measured } = document;
  try {
    document.parsed = await parseRdf(openInput(measured), options);
  } catch (failure) {
    const isKept = role === 'import' && (measured.bytes !== null || measured.file.iri !== undefined);
    if (!isKept) throw failure;
    document.failure = failure;
  }
}

/** Returns the texts of imported documents in JSON-LD: others may use them as contexts. */
function contextsIn(documents: readonly RoledDocument[]): ReadonlyMap<string, string> {
  return new Map(
    documents.flatMap(({ role, measured }) => {
      const { iri, name, format } = measured.file;
      if (role !== 'import' || iri === undefined || measured.bytes === null) return [];
      const isJsonLd = format === 'JSON-LD' || (format === undefined && /\.jsonld$/i.test(name));
      const text = isJsonLd ? textIn(measured) : undefined;
      return text === undefined ? [] : [[iri, text] as const];
    }),
  );
}

/** Returns the text of a document, unless it is not UTF-8. */
function textIn(measured: MeasuredInput): string | undefined {
  try {
    return openText(measured);
  } catch {
    return undefined;
  }
}

/** Hashes of documents by name, to tell apart those that have one name. */
class NamesInUse {
  readonly #hashes: Map<string, Set<string | null>> = new Map();

  constructor(documents: readonly RoledDocument[]) {
    for (const { measured } of documents) {
      const known = this.#hashes.get(measured.baseName);
      if (known === undefined) this.#hashes.set(measured.baseName, new Set([measured.sha256]));
      else known.add(measured.sha256);
    }
  }

  baseIriOf({ file, baseName, sha256 }: MeasuredInput): string {
    if (file.iri !== undefined) return file.iri;
    const isShared = (this.#hashes.get(baseName)?.size ?? 0) > 1;
    return isShared && sha256 !== null ? baseIriOf(baseName, sha256) : baseIriOf(baseName);
  }
}

/** Findings with documents as they are here. */
type DocumentFindings = Omit<FindingsSoFar, 'documents'> & { readonly documents: readonly RoledDocument[] };

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
  const hasShapes = documents.some((document) => document.role === 'shapes');
  const build = async (role: DocumentRole): Promise<readonly [TripleGraph, CanonicalGraph]> => {
    const { documents: used, ambiguous } = withImports(documents, role);
    if (role === 'shapes' || !hasShapes) found.unevaluatedImports = ambiguous;
    const quads = joined(n3, used);
    const canonical = await canonicalizeGraph(quads, role, pauses);
    return [new TripleGraph(n3, quads), canonical];
  };
  const [data, dataCanonical] = await build('spec');
  found.dataGraph = dataCanonical;
  const [shapes, shapesCanonical] = hasShapes ? await build('shapes') : [data, dataCanonical];
  found.shapesGraph = shapesCanonical;
  return { n3, data, shapes, dataCanonical, shapesCanonical };
}

/** Finds documents by the IRIs by which others can import them: their own, or else that of the ontology that they describe. */
function importableDocuments(
  documents: readonly RoledDocument[],
): ReadonlyMap<string, readonly RoledDocument[]> {
  const [byOwn, byOntology] = [new Map<string, RoledDocument[]>(), new Map<string, RoledDocument[]>()];
  const add = (found: Map<string, RoledDocument[]>, iri: string, document: RoledDocument): void => {
    const known = found.get(iri);
    if (known === undefined) found.set(iri, [document]);
    else if (!known.some((each) => hasContentOf(each, document))) known.push(document);
  };
  for (const document of documents) {
    const { iri } = document.measured.file;
    if (document.role === 'import' && iri !== undefined) add(byOwn, iri, document);
  }
  for (const document of documents) {
    const ontologies = new Set(subjectsOfType(document, `${OWL}Ontology`));
    for (const ontology of ontologies) add(byOntology, ontology, document);
    if (ontologies.size === 0) continue;
    for (const { subject, object } of statementsWith(document, `${OWL}versionIRI`))
      if (ontologies.has(subject.value)) add(byOntology, object.value, document);
  }
  return new Map([...byOntology, ...byOwn]);
}

function hasContentOf(one: RoledDocument, other: RoledDocument): boolean {
  return one.measured.sha256 !== null && one.measured.sha256 === other.measured.sha256;
}

/** Documents of one graph. */
interface GraphDocuments {
  readonly documents: readonly RoledDocument[];
  /** One text for each import for which several documents are given. */
  readonly ambiguous: readonly string[];
}

/**
 * Finds the documents of a role and those that they import, directly or not. One that is given several times, under several
 * IRIs or as an import of itself, counts once: its blank nodes would be other nodes each time.
 *
 * @throws the reason why an imported document could not be parsed
 */
function withImports(documents: readonly RoledDocument[], role: DocumentRole): GraphDocuments {
  const byIri = importableDocuments(documents);
  const found = new Set<RoledDocument>();
  const ambiguous = new Set<string>();
  for (const document of documents) {
    const isSame = (each: RoledDocument): boolean =>
      hasContentOf(each, document) && each.base === document.base;
    if (document.role === role && ![...found].some(isSame)) found.add(document);
  }
  const contents = new Set([...found].map(({ measured }) => measured.sha256));
  for (const document of found) {
    for (const { object } of statementsWith(document, `${OWL}imports`)) {
      const [imported, ...others] = byIri.get(object.value) ?? [];
      if (imported === undefined) continue;
      if (others.length > 0) {
        const names = [imported, ...others].map(({ measured }) => measured.baseName).join(', ');
        ambiguous.add(`owl:imports <${object.value}>: only the first of ${names}, which all have this IRI`);
      }
      if (imported.failure !== undefined) throw imported.failure;
      if (contents.has(imported.measured.sha256)) continue;
      contents.add(imported.measured.sha256);
      found.add(imported);
    }
  }
  return { documents: [...found], ambiguous: [...ambiguous].toSorted(compareText) };
}

function statementsWith({ parsed }: RoledDocument, predicate: string): Iterable<Quad> {
  return parsed?.quads.withPredicate(predicate) ?? [];
}

function subjectsOfType(document: RoledDocument, type: string): string[] {
  const statements = document.parsed?.quads.withPredicate(`${RDF}type`, type) ?? [];
  return Array.from(statements, ({ subject }) => subject.value);
}

/** Makes one table of the statements of several documents. */
function joined(n3: N3, documents: readonly RoledDocument[]): QuadTable {
  const [first, ...others] = documents.flatMap(({ parsed }) => parsed?.quads ?? []);
  if (first !== undefined && others.length === 0) return first;
  const all = new QuadTable(n3.DataFactory, first?.terms);
  for (const quads of [first, ...others]) if (quads !== undefined) all.addAll(quads);
  return all;
}

interface EvaluationOptions extends ShapeProgress {
  /** Texts of queries that are not evaluated. */
  readonly leftOut: ReadonlySet<string>;
}

async function validateGraphs(
  graphs: ValidationGraphs,
  found: DocumentFindings,
  pauses: Pauses,
  { leftOut, ...progress }: EvaluationOptions,
): Promise<void> {
  const { documents } = found;
  const { n3, data, shapes, dataCanonical, shapesCanonical } = graphs;
  const gates = documents.flatMap(({ gate }) => gate ?? []);
  const parts = await readSparqlParts(shapes, leftOut);
  await refuseIllFormedShapes(shapes, found.documents, parts.problems);
  const hierarchy = new ClassHierarchy(data, shapes);
  const imported = new Set(importableDocuments(documents).keys());
  const graph = parts.hasQueries || gates.length > 0 ? new QueryGraph(await loadOxigraph(), n3) : undefined;
  const { labels: dataLabels } = dataCanonical;
  const { labels: shapesLabels } = shapesCanonical;
  graph?.add(data, undefined, dataLabels);
  const sparql = new SparqlEvaluation(parts, { shapes, graph, dataLabels, shapesLabels });
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
    shapesLabels,
  };
  const ofShapes = await evaluateShapes(evaluation, pauses, progress);
  await pauses.pause();
  const ofGates =
    graph === undefined
      ? { violations: [], unevaluated: [] }
      : evaluateGates(gates, graph, dataLabels, leftOut);
  found.violations = sortViolations([...ofShapes, ...ofGates.violations]);
  found.unevaluatedGates = ofGates.unevaluated;
  const isMissing = summary.unevaluated.texts.some((text) => text.startsWith(IMPORTS));
  // One of these may be the document that is missing.
  if (isMissing) found.unevaluatedImports = [...(found.unevaluatedImports ?? []), ...unparsed(documents)];
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
