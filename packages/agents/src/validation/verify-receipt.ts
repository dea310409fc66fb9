import canonicalize from 'canonicalize';
import { AgentError, throwIfAborted } from '../errors.ts';
import { type InputFile, type MeasuredInput, measureInput } from '../rdf/input-file.ts';
import { determinismHash } from '../recording/determinism-hash.ts';
import type { ReceiptGraph, ReceiptInput, ValidationFindings } from './receipt.ts';
import { type ValidationInputs, hashGraphs, validate, type ValidationReceipt } from './validate.ts';

/** Difference between a receipt and what was found again. */
export interface ReceiptDifference {
  /** Field of the receipt, such as `determinism_hash` or `data_graph.sha256`; `inputs` with the name of the document. */
  readonly field: string;
  /** Value in the receipt, as JSON. */
  readonly recorded: string;
  /** Value that was found, as JSON. */
  readonly found: string;
}

/** Result of the verification of a receipt. */
export interface ReceiptVerification {
  /** True when nothing differs in what was checked. */
  readonly ok: boolean;
  /** Fields that were computed again. */
  readonly checked: readonly string[];
  /** Fields that were not, because documents are missing or a repeated run was not asked for. */
  readonly not_checked: readonly string[];
  readonly differences: readonly ReceiptDifference[];
}

/** Options of {@link verifyReceipt}. */
export interface VerifyReceiptOptions {
  /** Repeats the run and compares all it finds. Needs every document. @default false */
  readonly rerun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Fields that no finding decides. */
type RunFields = Exclude<keyof ValidationReceipt, keyof ValidationFindings>;

/**
 * Verifies a stored validation receipt: computes its determinism hash again, and for documents that are given their hashes
 * and those of the graphs.
 *
 * @param receiptJson - as it is stored
 * @param files - documents of the run; one that was renamed is recognized by its hash
 * @throws {AgentError} INVALID_ARGUMENT: no validation receipt, or a repeated run without every document; ABORTED
 */
export async function verifyReceipt(
  receiptJson: string,
  files: readonly InputFile[] = [],
  { rerun = false, signal }: VerifyReceiptOptions = {},
): Promise<ReceiptVerification> {
  const receipt = receiptOf(receiptJson);
  const findings = findingsIn(receipt);
  const differences: ReceiptDifference[] = [];
  const compare = (field: string, recorded: unknown, found: unknown): void => {
    const [before, after] = [jsonOf(recorded), jsonOf(found)];
    if (before !== after) differences.push({ field, recorded: before, found: after });
  };
  compare('determinism_hash', receipt.determinism_hash, determinismHash(findings));
  const { documents, missing, left } = assignFiles(receipt.inputs, files.map(measureInput));
  for (const { input, file } of documents) compare(`inputs ${input.name}`, input.sha256, file.sha256);
  for (const file of left) compare(`inputs ${file.baseName}`, null, file.sha256);
  const checked = ['determinism_hash', ...documents.map(({ input }) => `inputs ${input.name}`)];
  const notChecked = missing.map(({ name }) => `inputs ${name}`);
  const isComplete = missing.length === 0;
  if (rerun && !isComplete) {
    throw new AgentError('INVALID_ARGUMENT', `A repeated run needs every document: ${notChecked.join(', ')}`);
  }
  if (isComplete) {
    const again = await hashGraphs(inputsOf(documents), signal);
    throwIfAborted(signal);
    compare('data_graph.sha256', hashOf(findings.data_graph), hashOf(again.data_graph));
    compare('shapes_graph.sha256', hashOf(findings.shapes_graph), hashOf(again.shapes_graph));
  }
  const graphs = ['data_graph.sha256', 'shapes_graph.sha256'];
  (isComplete ? checked : notChecked).push(...graphs);
  if (rerun) {
    const repeated = await validate(inputsOf(documents), signal);
    throwIfAborted(signal);
    for (const field of new Set([...Object.keys(findings), ...Object.keys(repeated.findings)])) {
      const [recorded, found] = [findings, repeated.findings].map((all) => all[field as keyof typeof all]);
      compare(field, recorded, found);
    }
  }
  (rerun ? checked : notChecked).push('findings of a repeated run');
  return { ok: differences.length === 0, checked, not_checked: notChecked, differences };
}

function receiptOf(json: string): ValidationReceipt {
  let receipt: unknown;
  try {
    receipt = JSON.parse(json);
  } catch (cause) {
    throw new AgentError('INVALID_ARGUMENT', 'The receipt is not JSON', { cause });
  }
  const { kind, inputs } = (receipt ?? {}) as Partial<ValidationReceipt>;
  if (kind === 'validation-receipt' && Array.isArray(inputs)) return receipt as ValidationReceipt;
  throw new AgentError('INVALID_ARGUMENT', 'The receipt is not one of a validation', {
    hint: 'Only receipts of run-agent validation can be verified.',
  });
}

function findingsIn(receipt: ValidationReceipt): ValidationFindings {
  const runFields: Readonly<Record<RunFields, true>> = {
    execution_id: true,
    agent_id: true,
    agent_type: true,
    started_at: true,
    finished_at: true,
    versions: true,
    durations_ms: true,
    determinism_hash: true,
  };
  const entries = Object.entries(receipt).filter(([field]) => !Object.hasOwn(runFields, field));
  return Object.fromEntries(entries) as unknown as ValidationFindings;
}

/** Document of a receipt with the file given for it. */
interface AssignedFile {
  readonly input: ReceiptInput;
  readonly file: MeasuredInput;
}

/** Finds the file of each document: the one with its hash, else one with its name. */
function assignFiles(
  inputs: readonly ReceiptInput[],
  files: readonly MeasuredInput[],
): { documents: AssignedFile[]; missing: ReceiptInput[]; left: MeasuredInput[] } {
  const left = new Set(files);
  const found = new Map<ReceiptInput, MeasuredInput>();
  const assign = (matches: (input: ReceiptInput, file: MeasuredInput) => boolean): void => {
    for (const input of inputs) {
      const file = found.has(input) ? undefined : [...left].find((each) => matches(input, each));
      if (file === undefined) continue;
      found.set(input, file);
      left.delete(file);
    }
  };
  assign((input, file) => file.sha256 === input.sha256 && file.baseName === input.name);
  assign((input, file) => file.sha256 === input.sha256);
  assign((input, file) => file.baseName === input.name);
  return {
    documents: [...found].map(([input, file]) => ({ input, file })),
    missing: inputs.filter((input) => !found.has(input)),
    left: [...left],
  };
}

/** Makes the documents of the run again, under the names in the receipt, which decide relative IRIs. */
function inputsOf(documents: readonly AssignedFile[]): ValidationInputs {
  const ofRole = (role: ReceiptInput['role']): InputFile[] =>
    documents.filter(({ input }) => input.role === role).map(documentOf);
  const [shapes, imports, gates] = [ofRole('shapes'), ofRole('import'), ofRole('gates')];
  return {
    spec: ofRole('spec'),
    ...(shapes.length === 0 ? {} : { shapes }),
    ...(imports.length === 0 ? {} : { import: imports }),
    ...(gates.length === 0 ? {} : { gates }),
  };
}

function documentOf({ input: { name, format, iri, prefixes }, file }: AssignedFile): InputFile {
  return {
    name,
    content: file.bytes ?? '',
    ...(iri === undefined ? {} : { iri }),
    ...(prefixes === undefined ? {} : { prefixes }),
    ...(format === null || format === 'SPARQL' ? {} : { format }),
  };
}

function hashOf(graph: ReceiptGraph | null): string | null {
  return graph?.sha256 ?? null;
}

function jsonOf(value: unknown): string {
  return canonicalize(value) ?? 'null';
}
