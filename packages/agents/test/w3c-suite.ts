/** Reads test suites of the W3C SHACL group. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Term } from '@rdfjs/types';
import * as n3 from 'n3';
import { openInput, measureInput } from '../src/rdf/input-file.ts';
import { SH } from '../src/rdf/namespaces.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { renderTerm } from '../src/rdf/terms.ts';
import { TripleGraph } from '../src/rdf/triple-graph.ts';
import { renderPath } from '../src/shacl/property-path.ts';
import type { Violation } from '../src/index.ts';

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));
const MF = 'http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#';
const SHT = 'http://www.w3.org/ns/shacl-test#';

/** Entry of a manifest: documents and expected results, each as one line of text. */
export interface SuiteCase {
  readonly name: string;
  readonly data: string;
  readonly shapes: string;
  /** The processor must fail: the shapes are ill-formed. */
  readonly isFailure: boolean;
  readonly conforms: boolean;
  readonly results: readonly string[];
}

const anonymous = (text: string | null): string => (text === null ? '-' : text.replace(/_:\S+/g, '_:'));

async function load(path: string): Promise<TripleGraph> {
  const input = openInput(measureInput({ name: path, content: readFileSync(path) }));
  return new TripleGraph(n3, (await parseRdf(input, { blankNodeScope: 'm_' })).quads);
}

/** Reads a manifest of `fixtures` and those that it includes. */
export async function casesOf(file: string): Promise<SuiteCase[]> {
  return readManifest(join(FIXTURES, file));
}

async function readManifest(path: string): Promise<SuiteCase[]> {
  const graph = await load(path);
  const included = [...graph.store.match(null, graph.iri(`${MF}include`))].map(({ object }) =>
    localFile(path, object),
  );
  const nested = await Promise.all(included.map(readManifest));
  const own = [...graph.store.match(null, graph.iri(`${MF}entries`))].flatMap(({ object }) =>
    graph.list(object).map((entry) => caseOf(path, graph, entry)),
  );
  return [...nested.flat(), ...own];
}

/** Converts the IRI of a file, resolved against the document's base, to its path. */
function localFile(from: string, iri: Term): string {
  const relative = iri.value.replace('https://ggen-sim.invalid/', '');
  return join(dirname(from), decodeURIComponent(relative));
}

function caseOf(path: string, graph: TripleGraph, entry: Term): SuiteCase {
  const [action] = graph.objects(entry, `${MF}action`);
  const [report] = graph.objects(entry, `${MF}result`);
  if (action === undefined || report === undefined)
    throw new Error(`${path}: an entry without action or result`);
  const graphFile = (role: string): string => {
    const [iri] = graph.objects(action, SHT + role);
    if (iri === undefined) throw new Error(`${path}: an action without ${role}`);
    return localFile(path, iri);
  };
  return {
    name: path.slice(FIXTURES.length),
    data: graphFile('dataGraph'),
    shapes: graphFile('shapesGraph'),
    isFailure: report.value === `${SHT}Failure`,
    conforms: graph.objects(report, `${SH}conforms`)[0]?.value === 'true',
    results: graph
      .objects(report, `${SH}result`)
      .map((result) => expectedLine(graph, result))
      .toSorted(),
  };
}

function expectedLine(graph: TripleGraph, result: Term): string {
  const one = (name: string): Term | undefined => graph.objects(result, SH + name)[0];
  const text = (name: string): string => {
    const term = one(name);
    return anonymous(term === undefined ? null : renderTerm(term, new Map()));
  };
  const path = one('resultPath');
  return [
    text('focusNode'),
    path === undefined ? '-' : renderPath(graph, path),
    text('value'),
    text('sourceShape'),
    one('sourceConstraintComponent')?.value.replace(SH, ''),
    text('sourceConstraint'),
    one('resultSeverity')?.value.replace(SH, ''),
  ].join(' ');
}

/** Writes a result as the expected ones are written. */
export function foundLine(violation: Violation): string {
  const { focusNode, path, value, sourceShape, sourceConstraintComponent, severity } = violation;
  const constraint = anonymous(violation.sourceConstraint ?? null);
  const parts = [anonymous(focusNode), path ?? '-', anonymous(value), anonymous(sourceShape)];
  return [...parts, sourceConstraintComponent, constraint, severity].join(' ');
}
