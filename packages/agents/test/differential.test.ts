/**
 * Compares results with those of shacl-engine, an implementation of SHACL Core without code in common with ours, on generated
 * shapes and data. The generator leaves out what shacl-engine gets wrong (ARCHITECTURE.md lists it).
 */
import type { DatasetCore, Quad, Term } from '@rdfjs/types';
import * as n3 from 'n3';
import { Validator } from 'shacl-engine';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../tests/support/seeded-random.ts';
import { validate } from '../src/index.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { RDF, SH } from '../src/rdf/namespaces.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { renderTerm } from '../src/rdf/terms.ts';
import { TripleGraph } from '../src/rdf/triple-graph.ts';
import { turtle } from './documents.ts';

/** The same pairs in each check; SHACL_PAIRS=1000 makes more. */
const PAIRS = Number(process.env['SHACL_PAIRS'] ?? 60);
/** Pairs of one test, so that none takes long. */
const BLOCK = 10;
const NODES = ['ex:a', 'ex:b', 'ex:c', 'ex:d', 'ex:e'];
const CLASSES = ['ex:A', 'ex:B', 'ex:C'];
const PROPERTIES = ['ex:p', 'ex:q', 'ex:r'];
const LITERALS = ['1', '2', '30', '-4', '1.5', '"abc"', '"abcdef"', '"x"@en', '"y"@en-gb', '"z"@de', 'true'];
const VALUES = [...NODES, ...LITERALS];

/** Writes axioms of classes, which belong into both graphs: shacl-engine reads them from one alone. */
function axiomsOf(random: SeededRandom): string {
  return CLASSES.slice(1)
    .filter(() => random.chance(0.5))
    .map((klass) => `${klass} rdfs:subClassOf ex:A .`)
    .join('\n');
}

/** Writes statements about a few nodes. */
function dataOf(random: SeededRandom): string {
  const lines: string[] = [];
  for (const node of NODES) {
    if (random.chance(0.8)) lines.push(`${node} a ${random.oneOf(CLASSES)} .`);
    for (let count = random.below(5); count > 0; count -= 1)
      lines.push(`${node} ${random.oneOf(PROPERTIES)} ${random.oneOf(VALUES)} .`);
  }
  return lines.join('\n');
}

/** Writes constraints on single values. */
function valueConstraint(random: SeededRandom): string {
  return random.oneOf([
    () => `sh:class ${random.oneOf(CLASSES)}`,
    () => `sh:datatype ${random.oneOf(['xsd:integer', 'xsd:string', 'xsd:decimal', 'rdf:langString'])}`,
    () => `sh:nodeKind ${random.oneOf(['sh:IRI', 'sh:Literal', 'sh:BlankNodeOrIRI', 'sh:IRIOrLiteral'])}`,
    () => `sh:minInclusive ${random.between(-5, 5)}`,
    () => `sh:maxExclusive ${random.between(-5, 35)}`,
    () => `sh:minLength ${random.below(5)}`,
    () => `sh:maxLength ${random.below(7)}`,
    () => `sh:pattern "${random.oneOf(['^a', 'c$', 'b.d', '^[a-c]+$', '1'])}"`,
    () => `sh:languageIn ( ${random.oneOf(['"en"', '"de"', '"en-gb"', '"fr" "de"'])} )`,
    () => `sh:in ( ${[random.oneOf(VALUES), random.oneOf(VALUES), random.oneOf(VALUES)].join(' ')} )`,
  ])();
}

const valueShape = (random: SeededRandom): string => `[ ${valueConstraint(random)} ]`;

/** Writes constraints on all values of a property together. */
function propertyConstraint(random: SeededRandom): string {
  return random.oneOf([
    () => `sh:minCount ${random.below(3)}`,
    () => `sh:maxCount ${random.below(3)}`,
    () => `sh:hasValue ${random.oneOf(VALUES)}`,
    () => 'sh:uniqueLang true',
    () => `sh:equals ${random.oneOf(PROPERTIES)}`,
    () => `sh:disjoint ${random.oneOf(PROPERTIES)}`,
    () => `sh:qualifiedValueShape ${valueShape(random)} ; sh:qualifiedMinCount ${random.below(3)}`,
    () => `sh:qualifiedValueShape ${valueShape(random)} ; sh:qualifiedMaxCount ${random.below(2)}`,
  ])();
}

function logicalConstraint(random: SeededRandom): string {
  const [first, second] = [valueShape(random), valueShape(random)];
  return random.oneOf([
    `sh:not ${first}`,
    `sh:node ${first}`,
    `sh:or ( ${first} ${second} )`,
    `sh:and ( ${first} ${second} )`,
    `sh:xone ( ${first} ${second} )`,
  ]);
}

function pathOf(random: SeededRandom): string {
  const [first, second] = [random.oneOf(PROPERTIES), random.oneOf(PROPERTIES)];
  return random.oneOf([
    first,
    first,
    `[ sh:inversePath ${first} ]`,
    `( ${first} ${second} )`,
    `[ sh:alternativePath ( ${first} ${second} ) ]`,
    `[ sh:zeroOrMorePath ${first} ]`,
    `[ sh:oneOrMorePath ${first} ]`,
    `[ sh:zeroOrOnePath ${first} ]`,
  ]);
}

function shapesOf(random: SeededRandom): string {
  return Array.from({ length: random.between(1, 3) }, (_, index) => {
    const target = random.oneOf([
      () => `sh:targetClass ${random.oneOf(CLASSES)}`,
      () => `sh:targetNode ${random.oneOf(NODES)} , ${random.oneOf(LITERALS)}`,
      () => `sh:targetSubjectsOf ${random.oneOf(PROPERTIES)}`,
      () => `sh:targetObjectsOf ${random.oneOf(PROPERTIES)}`,
    ])();
    const properties = Array.from({ length: random.between(1, 3) }, () => {
      const severity = random.chance(0.2) ? ' ; sh:severity sh:Warning' : '';
      const parts = [valueConstraint, propertyConstraint, logicalConstraint].filter(() => random.chance(0.6));
      const constraints = parts.map((part) => ` ; ${part(random)}`).join('');
      return `sh:property [ sh:path ${pathOf(random)}${severity}${constraints} ]`;
    });
    const own = random.chance(0.3) ? [valueConstraint(random)] : [];
    return `ex:S${index} a sh:NodeShape ; ${[target, ...own, ...properties].join(' ;\n  ')} .`;
  }).join('\n');
}

const line = (...parts: readonly string[]): string => parts.join(' ');

async function ours(data: string, shapes: string): Promise<string[]> {
  const { violations, error } = await validate({
    spec: [turtle(data, 'data.ttl')],
    shapes: [turtle(shapes, 'shapes.ttl')],
  });
  expect(error).toBe(null);
  return violations
    .map(({ focusNode, path, value, sourceConstraintComponent, severity }) =>
      line(
        focusNode,
        path?.startsWith('<') === true && !path.includes(' ') && path.endsWith('>') ? path : '-',
        value ?? '-',
        sourceConstraintComponent,
        severity,
      ),
    )
    .toSorted();
}

async function theirs(data: string, shapes: string): Promise<string[]> {
  const graphs = await Promise.all(
    [data, shapes].map(async (text, index) => {
      const { quads } = await parseRdf(openInput(measureInput(turtle(text))), {
        blankNodeScope: `g${index}_`,
      });
      return new n3.Store([...quads]);
    }),
  );
  const factory = {
    ...n3.DataFactory,
    dataset: (quads: readonly Quad[] = []): DatasetCore => new n3.Store(quads),
  };
  const [dataset, shapesDataset] = graphs as [DatasetCore, DatasetCore];
  const report = await new Validator(shapesDataset, { factory }).validate({ dataset });
  const graph = new TripleGraph(n3, report.dataset);
  return graph
    .subjects(`${RDF}type`, graph.iri(`${SH}ValidationResult`))
    .map((result) => {
      const one = (name: string): Term | undefined => graph.objects(result, SH + name)[0];
      const text = (name: string): string => {
        const term = one(name);
        return term === undefined || term.termType === 'BlankNode' ? '-' : renderTerm(term, new Map());
      };
      const local = (name: string): string => one(name)?.value.replace(SH, '') ?? '-';
      return line(
        text('focusNode'),
        text('resultPath'),
        text('value'),
        local('sourceConstraintComponent'),
        local('resultSeverity'),
      );
    })
    .toSorted();
}

describe(`${PAIRS} pairs of shapes and data`, () => {
  let results = 0;
  const kinds = new Set<string>();

  it.each(Array.from({ length: PAIRS / BLOCK }, (_, index) => index * BLOCK))(
    'have the results of shacl-engine, from seed %i on',
    async (first) => {
      for (let seed = first; seed < first + BLOCK; seed += 1) {
        const random = new SeededRandom(seed);
        const axioms = axiomsOf(random);
        const data = `${dataOf(random)}\n${axioms}`;
        const shapes = `${shapesOf(random)}\n${axioms}`;
        const found = await ours(data, shapes);
        expect(found, `seed ${seed}:\n${shapes}\n\n${data}\n`).toEqual(await theirs(data, shapes));
        results += found.length;
        for (const each of found) kinds.add(each.split(' ').at(-2) ?? '');
      }
    },
  );

  it('have results of most components', () => {
    expect(results).toBeGreaterThan(PAIRS);
    expect(kinds.size).toBeGreaterThan(20);
  });
});
