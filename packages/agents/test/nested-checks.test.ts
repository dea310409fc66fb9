/** Verdicts of checks that depend on themselves, compared with an evaluation that keeps none of them. */
import type { Term } from '@rdfjs/types';
import * as n3 from 'n3';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../tests/support/seeded-random.ts';
import { validate } from '../src/index.ts';
import { Pauses } from '../src/pauses.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { termKey } from '../src/rdf/terms.ts';
import { TripleGraph } from '../src/rdf/triple-graph.ts';
import { ClassHierarchy } from '../src/shacl/class-hierarchy.ts';
import { evaluateShapes } from '../src/shacl/engine.ts';
import { negationsOfThemselves } from '../src/shacl/negations.ts';
import { type Check, NestedChecks } from '../src/shacl/nested-checks.ts';
import { summarizeShapes } from '../src/shacl/shapes.ts';
import { SparqlEvaluation } from '../src/shacl/sparql-evaluation.ts';
import { readSparqlParts } from '../src/shacl/sparql-parts.ts';
import { turtle } from './documents.ts';

const NODES = 2;
const SHAPES = 4;

type Operator = 'node' | 'or' | 'not' | 'xone';

/** Constraint of a shape. It applies the other shapes to the node that is `step` further. */
interface Constraint {
  readonly operator: Operator;
  readonly shapes: readonly number[];
  readonly step: number;
}

/** Random shapes over nodes in a circle, some of which have a fault that one of the shapes forbids. */
interface System {
  readonly constraints: readonly (readonly Constraint[])[];
  readonly isFaulty: (node: number, shape: number) => boolean;
}

function randomSystem(seed: number, operators: readonly Operator[]): System {
  const random = new SeededRandom(seed);
  const list = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);
  const constraint = (): Constraint => {
    const operator = operators[random.below(operators.length)] ?? 'node';
    const isList = operator === 'or' || operator === 'xone';
    return { operator, step: random.below(NODES), shapes: list(isList ? 2 : 1, () => random.below(SHAPES)) };
  };
  const faults = new Set(list(random.below(4), () => random.below(NODES * SHAPES)));
  return {
    constraints: list(SHAPES, () => list(random.below(4), constraint)),
    isFaulty: (node, shape) => faults.has(node * SHAPES + shape),
  };
}

/** Makes the check of a system. As the engine does, it evaluates all constraints, and of `sh:or` the first that conforms. */
function checkOf({ constraints, isFaulty }: System, nested: Check): Check {
  return (focusNode, shape) => {
    const [node, index] = [numberOf(focusNode), numberOf(shape)];
    const verdicts = (constraints[index] ?? []).map(({ operator, shapes, step }) => {
      const conforms = (other: number): boolean => nested(term((node + step) % NODES), term(other));
      if (operator === 'or') return shapes.some(conforms);
      if (operator === 'xone') return shapes.map(conforms).filter(Boolean).length === 1;
      return operator === 'not' ? !shapes.every(conforms) : shapes.every(conforms);
    });
    return !isFaulty(node, index) && verdicts.every(Boolean);
  };
}

function term(index: number): Term {
  return n3.DataFactory.namedNode(`http://example.org/s${index}`);
}

function numberOf({ value }: Term): number {
  return Number(value.slice(value.lastIndexOf('s') + 1));
}

async function shapesGraphOf({ constraints }: System): Promise<TripleGraph> {
  const statements = constraints.flatMap((list, index) =>
    list.map(({ operator, shapes }) => {
      const names = shapes.map((shape) => `ex:s${shape}`).join(' ');
      return `ex:s${index} sh:${operator} ${shapes.length > 1 ? `( ${names} )` : names} .`;
    }),
  );
  const document = openInput(measureInput(turtle(statements.join('\n'))));
  return new TripleGraph(n3, (await parseRdf(document)).quads);
}

/** Evaluates without keeping a verdict; a check inside itself conforms. */
function plainEvaluation(system: System): Check {
  const inProgress = new Set<string>();
  const conforms: Check = (focusNode, shape) => {
    const key = `${focusNode.value} ${shape.value}`;
    if (inProgress.has(key)) return true;
    inProgress.add(key);
    const verdict = check(focusNode, shape);
    inProgress.delete(key);
    return verdict;
  };
  const check = checkOf(system, conforms);
  return conforms;
}

async function verdictsOf(system: System, maxDepth: number): Promise<boolean[]> {
  const negations = negationsOfThemselves(await shapesGraphOf(system));
  const checks: NestedChecks = new NestedChecks(
    checkOf(system, (focusNode, shape) => checks.conforms(focusNode, shape)),
    new Pauses(undefined),
    { isNegationOfItself: (shape) => negations.has(termKey(shape)), maxDepth },
  );
  const verdicts: boolean[] = [];
  for (const [node, shape] of ALL) verdicts.push(await checks.run(() => checks.conforms(node, shape)));
  return verdicts;
}

const ALL: readonly (readonly [node: Term, shape: Term])[] = Array.from(
  { length: NODES * SHAPES },
  (_, index) => [term(Math.floor(index / SHAPES)), term(index % SHAPES)] as const,
);

describe('a check that depends on itself has the verdict of an evaluation that keeps none', () => {
  it.each<[string, readonly Operator[]]>([
    ['without negation', ['node', 'or']],
    ['with some negation', ['node', 'node', 'node', 'or', 'or', 'not']],
    ['with much negation', ['node', 'or', 'not', 'xone']],
  ])('%s, at any depth', async (_what, operators) => {
    for (let seed = 0; seed < 200; seed += 1) {
      const system = randomSystem(seed, operators);
      const plain = plainEvaluation(system);
      const expected = ALL.map(([node, shape]) => plain(node, shape));
      for (const maxDepth of [1, 2, 3, 50]) {
        expect(await verdictsOf(system, maxDepth), `seed ${seed}, depth ${maxDepth}`).toEqual(expected);
      }
    }
  });
});

describe('validation of shapes that contain themselves', () => {
  const ring = (size: number): string =>
    Array.from({ length: size }, (_, index) => `ex:n${index} ex:next ex:n${(index + 1) % size} .`).join('\n');

  it.each([40, 60, 120])('finds a fault in a circle of %i from every side', async (size) => {
    const { findings } = await validate({
      spec: [
        turtle(`${ring(size)} ex:n0 ex:bad 1 . ex:F ex:a ex:n0 ; ex:x ex:n1 .
          ex:S sh:property [ sh:path ex:next ; sh:node ex:S ], [ sh:path ex:bad ; sh:maxCount 0 ] .
          ex:T sh:targetNode ex:F ; sh:or ( [ sh:property [ sh:path ex:a ; sh:node ex:S ] ]
            [ sh:property [ sh:path ex:x ; sh:node ex:S ] ] ) .`),
      ],
    });
    expect(findings.violations).toMatchObject([{ source_constraint_component: 'OrConstraintComponent' }]);
  });

  it('ends where all of 25 nodes lead to each other', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `ex:n${index}`);
    const data = names.map(
      (name) => `${name} ex:knows ${names.filter((other) => other !== name).join(', ')} .`,
    );
    const shapes = `ex:S sh:targetNode ${names.join(', ')} ; sh:property [ sh:path ex:knows ; sh:node ex:S ] ;
      sh:not [ sh:hasValue ex:bad ] .`;
    const spec = [turtle(`${shapes} ${data.join('\n')}`)];
    expect((await validate({ spec })).findings).toMatchObject({ status: 'success', error: null });
    const { findings } = await validate({ spec: [...spec, turtle('ex:n9 ex:knows ex:bad .', 'bad.ttl')] });
    expect(new Set(findings.violations.map(({ focus_node }) => focus_node)).size).toBe(25);
  });

  it('ends with an error that names the shape where its own negation takes too much work', async () => {
    const diamonds = Array.from({ length: 15 }, (_, index) => {
      const next = `ex:n${(index + 1) % 15}`;
      return `ex:n${index} ex:knows ex:a${index}, ex:b${index} . ex:a${index} ex:knows ${next} . ex:b${index} ex:knows ${next} .`;
    });
    const shapes = 'ex:S sh:targetNode ex:n0 ; sh:property [ sh:path ex:knows ; sh:not ex:S ] .';
    const document = openInput(measureInput(turtle(`${shapes} ${diamonds.join('\n')}`)));
    const graph = new TripleGraph(n3, (await parseRdf(document)).quads);
    const hierarchy = new ClassHierarchy(graph, graph);
    const context = {
      shapes: graph,
      graph: undefined,
      dataLabels: new Map<string, string>(),
      shapesLabels: new Map<string, string>(),
    };
    const sparql = new SparqlEvaluation(await readSparqlParts(graph), context);
    const evaluation = {
      n3,
      data: graph,
      shapes: graph,
      hierarchy,
      summary: summarizeShapes(graph, graph, hierarchy, { sparql, unevaluated: [], imported: new Set() }),
      sparql,
      dataLabels: new Map(),
      shapesLabels: new Map(),
      maxUnkept: 1000,
    };
    await expect(
      evaluateShapes(evaluation, new Pauses(undefined), {
        beginShape: () => undefined,
        endShape: () => undefined,
      }),
    ).rejects.toMatchObject({
      code: 'INVALID_SHAPES',
      message: expect.stringMatching(
        /^The shape <http:\/\/example.org\/S> cannot be evaluated on <.*n0>, because it takes too much work: the shape <.*S> depends on its own negation/u,
      ),
    });
    // Without a circle in the data, the verdict is that of SHACL.
    const { error } = await validate({
      spec: [turtle(`${shapes} ${diamonds.slice(0, -1).join('\n')}`)],
    });
    expect(error).toBe(null);
  });

  describe('finds a verdict where a shape depends on its own negation', () => {
    const violationsOf = async (constraint: string, data: string): Promise<unknown> => {
      const shape = `ex:S sh:targetNode ex:n0 ; sh:property [ sh:path ex:next ; ${constraint} ] .`;
      const { findings } = await validate({ spec: [turtle(`${shape} ${data}`)] });
      expect(findings.error).toBe(null);
      return findings.violations.map(({ value }) => value);
    };

    it('in a line of 14 with four neighbours each', async () => {
      const neighbours = (node: number): string[] =>
        [node - 2, node - 1, node + 1, node + 2]
          .filter((other) => other >= 0 && other < 14)
          .map((other) => `ex:n${other}`);
      const line = Array.from(
        { length: 14 },
        (_, node) => `ex:n${node} ex:next ${neighbours(node).join(', ')} .`,
      );
      expect(await violationsOf('sh:not ex:S', line.join('\n'))).toEqual([
        '<http://example.org/n1>',
        '<http://example.org/n2>',
      ]);
    });

    it('in a circle of more than 5,000', async () => {
      expect(await violationsOf('sh:not ex:S', ring(5100))).toEqual(['<http://example.org/n1>']);
    });

    it('in a circle that two counts ask for', async () => {
      const counts = 'sh:qualifiedValueShape ex:S ; sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 3';
      expect(await violationsOf(counts, ring(120))).toEqual([]);
    });
  });
});
