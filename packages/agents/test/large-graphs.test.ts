/** Graphs as numbers: the same lookups and hashes as those of libraries that hold objects, in less memory. */
import type { NamedNode, Quad } from '@rdfjs/types';
import n3 from 'n3';
import NQuads from 'rdf-canonize/lib/NQuads.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Children } from '../../../tests/support/child-process.ts';
import { SeededRandom } from '../../../tests/support/seeded-random.ts';
import { Pauses } from '../src/pauses.ts';
import { canonicalizeGraph } from '../src/rdf/canonical-graph.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { QuadTable } from '../src/rdf/quad-table.ts';
import { canonicalText, termKey } from '../src/rdf/terms.ts';
import { TripleGraph } from '../src/rdf/triple-graph.ts';
import { sha256Hex } from '../src/sha256.ts';
import { connectAgents } from '../src/worker/client.ts';
import { startNodeThread } from './node-thread.ts';

const { DataFactory: terms } = n3;

/** Characters that N-Quads escapes, and some whose order differs between UTF-8 and UTF-16. */
const CHARACTERS = [
  'a',
  'z',
  ' ',
  '"',
  '\\',
  '\n',
  '\r',
  '\t',
  '\u0001',
  '\u007F',
  '\uE000',
  '\uFFFD',
  '😀',
  'é',
  '@',
  '^',
];

function randomText(random: SeededRandom, characters: readonly string[] = CHARACTERS): string {
  return Array.from({ length: random.below(4) }, () => characters[random.below(characters.length)]).join('');
}

function randomQuad(random: SeededRandom): Quad {
  const iri = (): NamedNode =>
    terms.namedNode(`http://e/${randomText(random, ['a', 'b', 'é', '😀', '\uE000'])}`);
  const text = randomText(random);
  const literals = [
    terms.literal(text),
    terms.literal(text, 'en'),
    terms.literal(text, 'en-gb'),
    terms.literal(text, terms.namedNode('http://e/type')),
  ];
  const object = [iri(), ...literals][random.below(5)] ?? iri();
  const graph = random.below(3) === 0 ? iri() : terms.defaultGraph();
  return terms.quad(iri(), iri(), object, graph);
}

const QUADS: readonly Quad[] = (() => {
  const random = new SeededRandom(7);
  const quads = Array.from({ length: 400 }, () => randomQuad(random));
  return [...quads, ...quads.slice(0, 40)];
})();

it('has the hash of the canonical lines in their order', async () => {
  const lines = new Set(QUADS.map((quad) => NQuads.serializeQuad(quad)));
  const table = QuadTable.of(terms, QUADS);
  expect([...table].map((quad) => NQuads.serializeQuad(quad))).toEqual(
    QUADS.map((quad) => NQuads.serializeQuad(quad)),
  );
  const { sha256, quads } = await canonicalizeGraph(table, 'spec', new Pauses(undefined));
  expect(quads).toBe(lines.size);
  expect(sha256).toBe(sha256Hex([...lines].toSorted((a, b) => (a < b ? -1 : 1)).join('')));
});

it('keeps texts that are longer than a page of memory', async () => {
  const long = 'x'.repeat(2 ** 21 + 7);
  const quad = terms.quad(terms.namedNode('http://e/s'), terms.namedNode('http://e/p'), terms.literal(long));
  const table = QuadTable.of(terms, [quad, quad]);
  expect([...table].map(({ object }) => object.value === long)).toEqual([true, true]);
  const { sha256 } = await canonicalizeGraph(table, 'spec', new Pauses(undefined));
  expect(sha256).toBe(sha256Hex(NQuads.serializeQuad(quad)));
});

it('finds what a store of objects finds', () => {
  const triples = QUADS.map(({ subject, predicate, object }) => terms.quad(subject, predicate, object));
  const store = new n3.Store(triples);
  const graph = new TripleGraph(n3, QUADS);
  expect(graph.size).toBe(store.size);
  const random = new SeededRandom(11);
  const line = ({ subject, predicate, object }: Quad): string =>
    [subject, predicate, object].map(canonicalText).join(' ');
  for (let round = 0; round < 300; round += 1) {
    const { subject, predicate, object } = triples[random.below(triples.length)] ?? randomQuad(random);
    const any = <T>(term: T): T | null => (random.below(2) === 0 ? term : null);
    const pattern = [any(subject), any(predicate), any(object)] as const;
    const found = graph.match(...pattern);
    expect([...found].map(line).toSorted()).toEqual([...store.match(...pattern)].map(line).toSorted());
    expect([...found]).toHaveLength(found.size);
  }
  expect(graph.match(terms.namedNode('http://nowhere/')).size).toBe(0);
});

it('reads a text in parts as it reads the whole', async () => {
  // Several parts of 256 kB, nearly all of characters of three bytes, so that parts end within them.
  const lines = Array.from(
    { length: 9000 },
    (_, n) => `<http://e/${n}> <http://e/p> """${'€'.repeat(40)}😀${'ü'.repeat(n % 7)}\n""" .`,
  );
  const input = openInput(measureInput({ name: 'a.ttl', content: lines.join('\n') }));
  const { quads } = await parseRdf(input);
  const whole = new n3.Parser({ format: 'Turtle' }) as unknown as { parse(text: string): Quad[] };
  expect([...quads].map(({ object }) => termKey(object))).toEqual(
    whole.parse(lines.join('\n')).map(({ object }) => termKey(object)),
  );
  const broken = openInput(
    measureInput({ name: 'a.ttl', content: `${lines.join('\n')}\n<http://e/x> 1 2 .` }),
  );
  await expect(parseRdf(broken)).rejects.toMatchObject({ location: { line: 18_001, column: 14 } });
});

let children: Children;
beforeAll(async () => {
  children = await Children.bundle([`${import.meta.dirname}/children/agents-worker.ts`]);
});
afterAll(() => children.remove());

it('needs little memory for each statement, and says when it has not enough', async () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, n) =>
      `<http://e/${n}> a <http://e/C> ; <http://e/name> "node ${n}" ; <http://e/next> <http://e/${n + 1}> .`,
  );
  const shape = `<http://e/S> <http://www.w3.org/ns/shacl#targetClass> <http://e/C> ;
    <http://www.w3.org/ns/shacl#nodeKind> <http://www.w3.org/ns/shacl#IRI> .`;
  const documents = {
    spec: [{ name: 'a.ttl', content: new TextEncoder().encode(lines.join('\n')) }],
    shapes: [{ name: 's.ttl', content: shape }],
  };
  const run = async (maxOldGenerationSizeMb: number): Promise<object> => {
    const limits = { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: 4 };
    const agents = connectAgents(() => startNodeThread(children.script('agents-worker'), limits));
    const { receipt } = await agents.run('validation', null, documents).finally(() => agents.close());
    return receipt;
  };
  // The code of the thread takes 30 MB; as objects, the statements took 80 MB more.
  expect(await run(56)).toMatchObject({ conforms: true, counts: { focus_nodes: 20_000 } });
  expect(await run(12)).toMatchObject({
    conforms: null,
    error: { code: 'MEMORY_LIMIT' },
    inputs: [{ name: 'a.ttl', bytes: documents.spec[0]?.content.length }, { name: 's.ttl' }],
  });
});
