import type { Term } from '@rdfjs/types';
import { AgentError } from '../errors.ts';
import { type MeasuredInput, openText } from '../rdf/input-file.ts';
import { compareText, renderTerm } from '../rdf/terms.ts';
import type { Violation } from '../shacl/violation.ts';
import { OutOfQueryMemory, TOO_MUCH_MEMORY } from '../sparql/oxigraph.ts';
import { type Bindings, type QueryGraph, TooManyRows } from '../sparql/query-graph.ts';
import { QueryText, prefixDeclaration } from '../sparql/query-text.ts';

/** Component of results that a gate makes, which are none of SHACL's. */
export const GATE_COMPONENT = 'https://ggen-sim.invalid/Gate';

/** Query that finds violations: an `ASK` that is true, or each row of a `SELECT`. */
export interface Gate {
  readonly input: MeasuredInput;
  /** IRI that stands for it in results. */
  readonly iri: string;
  readonly query: QueryText;
  readonly prefixes: string;
  /** Text of its leading `# MESSAGE:` comments. */
  readonly message: string | undefined;
}

/** What gates found. */
export interface GateFindings {
  readonly violations: readonly Violation[];
  /** Gates that were not evaluated, with the reason. */
  readonly unevaluated: readonly string[];
}

/**
 * Reads a gate. Prefixes of the document count where the query does not declare them itself.
 *
 * @param iri - stands for the gate in results
 * @throws {AgentError} IO_ERROR, NOT_UTF8, INVALID_QUERY
 */
export function readGate(input: MeasuredInput, iri: string): Gate {
  const text = openText(input);
  const query = new QueryText(text);
  if (query.form !== 'ASK' && query.form !== 'SELECT')
    throw invalid(input, 'it is no ASK and no SELECT query');
  const problem = query.problem({ required: [], optional: [] });
  if (problem?.isIllFormed === true) throw invalid(input, problem.text);
  const prefixes = Object.entries(input.file.prefixes ?? {})
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([prefix, namespace]) => {
      const declaration = prefixDeclaration(prefix, namespace);
      if (declaration === undefined)
        throw invalid(input, `SPARQL does not allow its prefix "${prefix}: <${namespace}>"`);
      return declaration;
    });
  return { input, iri, query, prefixes: prefixes.join(''), message: messageIn(text) };
}

/**
 * Evaluates gates on the data graph.
 *
 * @param leftOut - texts of queries that ended the engine before; they are named and not evaluated
 * @throws {AgentError} INVALID_QUERY, QUERY_LIMIT
 */
export function evaluateGates(
  gates: readonly Gate[],
  graph: QueryGraph,
  labels: ReadonlyMap<string, string>,
  leftOut: ReadonlySet<string>,
): GateFindings {
  const violations: Violation[] = [];
  const unevaluated: string[] = [];
  for (const gate of gates) {
    const { query, prefixes, input } = gate;
    const prepared = { text: query, prefixes };
    const problem = query.problem({ required: [], optional: [] });
    if (problem !== undefined || leftOut.has(query.source)) {
      unevaluated.push(`gate ${input.baseName}: ${problem?.text ?? `its query ${TOO_MUCH_MEMORY}`}`);
      continue;
    }
    try {
      const rows = query.form === 'SELECT' ? graph.select(prepared, new Map()) : [];
      const isTrue = query.form === 'ASK' && graph.ask(prepared, new Map());
      for (const row of isTrue ? [new Map<string, Term>()] : rows)
        violations.push(violationOf(gate, row, labels));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (cause instanceof OutOfQueryMemory) throw invalid(input, reason, cause);
      if (cause instanceof TooManyRows || reason.includes('is not supported'))
        unevaluated.push(`gate ${input.baseName}: ${reason}`);
      else throw invalid(input, reason.replaceAll(/\s+/g, ' '), cause);
    }
  }
  return { violations, unevaluated };
}

function invalid({ baseName, file }: MeasuredInput, reason: string, cause?: unknown): AgentError {
  const message = `"${baseName}" cannot be evaluated: ${reason}`;
  return cause instanceof OutOfQueryMemory
    ? new AgentError('QUERY_LIMIT', message, { cause, file: file.name, query: cause.query })
    : new AgentError('INVALID_QUERY', message, { cause, file: file.name });
}

function messageIn(text: string): string | undefined {
  const lines = /^(?:[^\S\n]*(?:#.*)?\n)*/.exec(`${text}\n`)?.[0] ?? '';
  const messages = [...lines.matchAll(/^\s*#\s*MESSAGE:(.*)$/gim)].map(([, message = '']) => message.trim());
  return messages.length === 0 ? undefined : messages.join(' ');
}

function violationOf(
  { input, iri, query, message }: Gate,
  row: Bindings,
  labels: ReadonlyMap<string, string>,
): Violation {
  const gate = `<${iri}>`;
  const written = (term: Term): string => renderTerm(term, labels);
  const focus = row.get('this') ?? row.get('focusNode') ?? firstNode(query, row);
  const value = row.get('value');
  const path = row.get('path');
  const template = message ?? `The gate ${input.baseName} found a violation`;
  const text = template.replaceAll(/\{[$?](\w+)\}/g, (placeholder, name: string) => {
    const term = row.get(name);
    if (term === undefined) return placeholder;
    return term.termType === 'Literal' ? term.value : written(term);
  });
  const others = [...row]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([name, term]) => `?${name} ${written(term)}`);
  return {
    focusNode: focus === undefined ? gate : written(focus),
    path: path?.termType === 'NamedNode' ? written(path) : null,
    value: value === undefined ? null : written(value),
    shape: gate,
    sourceShape: gate,
    sourceConstraintComponent: GATE_COMPONENT,
    severity: 'Violation',
    message: others.length === 0 ? text : `${text} (${others.join(', ')})`,
  };
}

/** Returns the first node of a row in the order of the query's variables, its value last. */
function firstNode(query: QueryText, row: Bindings): Term | undefined {
  const names = [...query.variables].filter((name) => name !== 'value' && name !== 'path');
  const terms = [...names, 'value'].map((name) => row.get(name));
  return terms.find((term) => term?.termType === 'NamedNode' || term?.termType === 'BlankNode');
}
