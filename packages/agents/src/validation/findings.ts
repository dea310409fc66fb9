import type { ReceiptStatus } from '@ggen-sim/core';
import { baseNameOf } from '../base-name.ts';
import { type AgentError, type FurtherError, allErrorsOf, describeError } from '../errors.ts';
import type { CanonicalGraph } from '../rdf/canonical-graph.ts';
import type { MeasuredInput } from '../rdf/input-file.ts';
import type { ParsedDocument } from '../rdf/parse.ts';
import type { ShapesSummary } from '../shacl/shapes.ts';
import type { Violation } from '../shacl/violation.ts';
import type {
  ReceiptCounts,
  ReceiptError,
  ReceiptGraph,
  ReceiptInput,
  ReceiptProblem,
  ValidationFindings,
} from './receipt.ts';
import { findingsHash, listedResults } from './results.ts';

/** Role of a document: the name of its parameter. */
export type DocumentRole = 'spec' | 'shapes' | 'import' | 'gates';

/** Findings of a run up to the stage where it ended. */
export interface FindingsSoFar {
  readonly documents: readonly {
    readonly role: DocumentRole;
    readonly measured: MeasuredInput;
    readonly parsed?: ParsedDocument;
  }[];
  dataGraph?: CanonicalGraph;
  shapesGraph?: CanonicalGraph;
  summary?: ShapesSummary;
  /** Imports that were not followed though documents are given for them, with the reason. */
  unevaluatedImports?: readonly string[];
  /** Gates that were not evaluated, with the reason. */
  unevaluatedGates?: readonly string[];
  violations: readonly Violation[];
  error?: AgentError;
}

/** Makes the part of the receipt that depends on the inputs alone. */
export function findingsOf(found: FindingsSoFar): ValidationFindings {
  const counts = found.summary === undefined ? null : countsOf(found, found.summary);
  const { status, conforms, message } = verdictOf(found, counts);
  const { listed, omitted } = listedResults(found.violations);
  return {
    kind: 'validation-receipt',
    version: 1,
    status,
    message,
    conforms,
    files_validated: wasValidated(found, counts)
      ? found.documents.filter(({ role }) => role === 'spec').length
      : 0,
    inputs: inputsOf(found),
    data_graph: graphOf(found.dataGraph),
    shapes_graph: graphOf(found.shapesGraph),
    shapes_source: shapesSourceOf(found),
    counts,
    violations: listed,
    omitted_results: omitted,
    not_evaluated: unevaluatedOf(found),
    findings_hash:
      found.summary === undefined || found.error !== undefined
        ? null
        : findingsHash(found.dataGraph, found.shapesGraph, found.violations),
    error: found.error === undefined ? null : receiptError(found.error),
  };
}

function wasValidated(found: FindingsSoFar, counts: ReceiptCounts | null): boolean {
  return found.error === undefined && counts !== null && isChecked(counts);
}

/** True when a node was checked against a shape, or a gate was evaluated. */
function isChecked({ focus_nodes, gates = 0 }: ReceiptCounts): boolean {
  return focus_nodes > 0 || gates > 0;
}

function unevaluatedOf({
  summary,
  unevaluatedImports = [],
  unevaluatedGates = [],
}: FindingsSoFar): readonly string[] {
  return [...(summary?.unevaluated.texts ?? []), ...unevaluatedImports, ...unevaluatedGates];
}

function shapesSourceOf(found: FindingsSoFar): 'shapes' | 'spec' {
  return found.documents.some(({ role }) => role === 'shapes') ? 'shapes' : 'spec';
}

function inputsOf(found: FindingsSoFar): ReceiptInput[] {
  return found.documents.map(({ role, measured, parsed }): ReceiptInput => ({
    name: measured.baseName,
    role,
    ...(measured.file.iri === undefined ? {} : { iri: measured.file.iri }),
    ...(measured.file.prefixes === undefined ? {} : { prefixes: measured.file.prefixes }),
    format: role === 'gates' ? 'SPARQL' : (parsed?.format ?? measured.file.format ?? null),
    bytes: measured.bytes?.byteLength ?? null,
    sha256: measured.sha256,
    quads: parsed?.quads.size ?? null,
  }));
}

function graphOf(graph: CanonicalGraph | undefined): ReceiptGraph | null {
  if (graph === undefined) return null;
  const { sha256, quads, blankNodes, unhashed } = graph;
  return {
    sha256,
    quads,
    blank_nodes: blankNodes,
    ...(unhashed === null ? {} : { error: unhashed }),
  };
}

function countsOf(found: FindingsSoFar, summary: ShapesSummary): ReceiptCounts {
  const { documents, violations, unevaluatedGates = [] } = found;
  const gates = documents.filter(({ role }) => role === 'gates').length;
  const focusNodes = new Set<number>();
  for (const { focusNodes: nodes } of summary.targeted) for (const id of nodes.ids) focusNodes.add(id);
  const bySeverity = (severity: string): number =>
    violations.reduce((sum, violation) => sum + (violation.severity === severity ? 1 : 0), 0);
  return {
    shapes: summary.shapes,
    shapes_with_target: summary.targeted.length,
    shapes_without_focus_nodes: summary.targeted.filter(({ focusNodes: nodes }) => nodes.length === 0).length,
    focus_nodes: focusNodes.size,
    ...(gates === 0 ? {} : { gates: gates - unevaluatedGates.length }),
    results: violations.length,
    violations: bySeverity('Violation'),
    warnings: bySeverity('Warning'),
    infos: bySeverity('Info'),
  };
}

interface Verdict {
  readonly status: ReceiptStatus;
  readonly conforms: boolean | null;
  readonly message: string;
}

function verdictOf(found: FindingsSoFar, counts: ReceiptCounts | null): Verdict {
  if (found.error !== undefined || counts === null) {
    return { status: 'error', conforms: null, message: failureMessage(found.error) };
  }
  const skipped = unevaluatedOf(found);
  const unchecked =
    (skipped.length === 0 ? '' : `; not evaluated: ${skipped.join(', ')}`) + unhashedText(found);
  if (!isChecked(counts)) {
    const reason = `Nothing to validate against: ${nothingReason(counts, shapesSourceOf(found))}${unchecked}`;
    return { status: 'partial', conforms: null, message: reason };
  }
  const scope = [
    counts.focus_nodes === 0
      ? ''
      : `${count(counts.focus_nodes, 'focus node')} checked against ${count(checkedShapes(counts), 'shape')}`,
    counts.gates === undefined ? '' : `${count(counts.gates, 'gate')} evaluated`,
  ]
    .filter((text) => text !== '')
    .join('; ');
  const idle =
    counts.shapes_without_focus_nodes === 0
      ? ''
      : `; ${count(counts.shapes_without_focus_nodes, 'shape')} with a target that picks no node`;
  if (counts.results > 0) {
    const message = `Does not conform: ${resultsText(counts)}; ${scope}${idle}${unchecked}`;
    return { status: 'error', conforms: false, message };
  }
  if (skipped.length > 0) {
    const message = `No violations found, but not everything was checked; ${scope}${idle}${unchecked}`;
    return { status: 'partial', conforms: null, message };
  }
  return { status: 'success', conforms: true, message: `Conforms: ${scope}${idle}${unchecked}` };
}

/** Says that a graph has no hash. */
function unhashedText({ dataGraph, shapesGraph }: FindingsSoFar): string {
  const reasons = new Set([dataGraph?.unhashed?.message, shapesGraph?.unhashed?.message]);
  return [...reasons]
    .map((reason) => (typeof reason === 'string' ? `; no hash of the graph: ${reason}` : ''))
    .join('');
}

function nothingReason(counts: ReceiptCounts, source: 'shapes' | 'spec'): string {
  const where = source === 'spec' ? 'the spec, and no shapes were given' : 'the shapes given';
  if (counts.shapes === 0) return `there are no SHACL shapes in ${where}`;
  if (counts.shapes_with_target === 0) {
    return `none of ${count(counts.shapes, 'shape')} has both a target and a constraint`;
  }
  return `the targets of ${count(counts.shapes_with_target, 'shape')} pick no node of the data`;
}

function checkedShapes(counts: ReceiptCounts): number {
  return counts.shapes_with_target - counts.shapes_without_focus_nodes;
}

function resultsText(counts: ReceiptCounts): string {
  const others = counts.results - counts.violations - counts.warnings - counts.infos;
  return [
    counts.violations > 0 ? count(counts.violations, 'violation') : '',
    counts.warnings > 0 ? count(counts.warnings, 'warning') : '',
    counts.infos > 0 ? count(counts.infos, 'info') : '',
    others > 0 ? `${count(others, 'result')} of other severity` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function failureMessage(error: AgentError | undefined): string {
  if (error === undefined) return 'The run ended early';
  const { others } = error;
  return describeError(error) + (others.length === 0 ? '' : ` (and ${count(others.length, 'more error')})`);
}

function receiptError(error: AgentError): ReceiptError {
  const [first, ...others] = allErrorsOf(error).map(receiptProblem);
  if (first === undefined) throw new RangeError('no error');
  return others.length === 0 ? first : { ...first, others };
}

function receiptProblem({ code, message, location, file }: FurtherError): ReceiptProblem {
  const name = location?.name ?? file;
  return {
    code,
    message,
    name: name === undefined ? null : baseNameOf(name),
    line: location?.line ?? null,
    column: location?.column ?? null,
    excerpt: location?.excerpt ?? null,
    expected: location?.expected ?? null,
  };
}
