/** RDFC-1.0 on graphs whose blank nodes look alike. */
import n3 from 'n3';
import RDFC10, { type Issuer, type NDegreeResult } from 'rdf-canonize/lib/RDFC10.js';
import { describe, expect, it, vi } from 'vitest';
import { AgentError, validate } from '../src/index.ts';
import { Pauses } from '../src/pauses.ts';
import { type CanonicalGraph, canonicalizeGraph } from '../src/rdf/canonical-graph.ts';
import { leastSteps } from '../src/rdf/least-work.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { QuadTable } from '../src/rdf/quad-table.ts';
import { sha256Hex } from '../src/sha256.ts';

/** Neighbours of each node, by position: node 0's first. */
type Neighbours = readonly (readonly number[])[];

function nquads(neighbours: Neighbours, prefix: string): string[] {
  return neighbours.flatMap((targets, node) =>
    targets.map((target) => `_:${prefix}${node} <http://example.org/vocab#p> _:${prefix}${target} .`),
  );
}

function ring(size: number): Neighbours {
  return Array.from({ length: size }, (_, node) => [(node + 1) % size]);
}

function clique(size: number): Neighbours {
  const nodes = Array.from({ length: size }, (_, node) => node);
  return nodes.map((node) => nodes.filter((other) => other !== node));
}

async function graphOf(text: string): Promise<n3.Store> {
  const input = openInput(measureInput({ name: 'a.ttl', content: text }));
  return new n3.Store([...(await parseRdf(input)).quads]);
}

async function canonicalize(graph: string | n3.Store, signal?: AbortSignal): Promise<CanonicalGraph> {
  const store = typeof graph === 'string' ? await graphOf(graph) : graph;
  return canonicalizeGraph(QuadTable.of(n3.DataFactory, store), 'spec', new Pauses(signal));
}

/** The graph of test044 to test046 ("poison – evil") of the W3C's tests for RDFC-1.0, in three orders. */
const W3C_EVIL: readonly (readonly [string, Neighbours])[] = [
  [
    'test044',
    [
      [1, 2, 3],
      [0, 3, 4],
      [0, 4, 5],
      [0, 1, 5],
      [1, 2, 5],
      [3, 2, 4],
      [7, 8, 9],
      [6, 10, 11],
      [6, 10, 11],
      [6, 10, 11],
      [7, 8, 9],
      [7, 8, 9],
    ],
  ],
  [
    'test045',
    [
      [1, 2, 3],
      [0, 4, 5],
      [0, 4, 5],
      [0, 4, 5],
      [1, 2, 3],
      [1, 2, 3],
      [7, 8, 9],
      [6, 9, 10],
      [6, 10, 11],
      [6, 7, 11],
      [7, 8, 11],
      [9, 8, 10],
    ],
  ],
  [
    'test046',
    [
      [1, 2, 3],
      [0, 9, 8],
      [3, 8, 0],
      [0, 2, 9],
      [5, 6, 7],
      [10, 4, 11],
      [4, 11, 10],
      [10, 11, 4],
      [1, 2, 9],
      [8, 3, 1],
      [6, 7, 5],
      [5, 6, 7],
    ],
  ],
];
/** Their canonical form. */
const W3C_EVIL_CANONICAL: Neighbours = [
  [1, 2, 3],
  [0, 4, 5],
  [0, 3, 5],
  [0, 2, 4],
  [1, 3, 5],
  [1, 2, 4],
  [7, 8, 9],
  [10, 11, 6],
  [10, 11, 6],
  [10, 11, 6],
  [7, 8, 9],
  [7, 8, 9],
];

describe('RDFC-1.0', () => {
  it.each(W3C_EVIL)('passes %s of the W3C', async (_name, neighbours) => {
    const expected = nquads(W3C_EVIL_CANONICAL, 'c14n')
      .toSorted()
      .map((line) => `${line}\n`)
      .join('');
    expect((await canonicalize(nquads(neighbours, 'e').join('\n'))).sha256).toBe(sha256Hex(expected));
  });

  it('fails with test074 of the W3C, a clique of ten, and names its nodes', async () => {
    const text = nquads(clique(10), 'e').join('\n');
    await expect(canonicalize(text)).resolves.toMatchObject({
      sha256: null,
      unhashed: {
        code: 'CANONICALIZATION_LIMIT',
        message:
          'The blank nodes of the spec are too alike to be told apart: 10 of them have the same statements, ' +
          '_:a <http://example.org/vocab#p> _:z . _:a <http://example.org/vocab#p> _:z . …',
      },
    });
    const shuffled = nquads(clique(10), 'other').toReversed().join('\n');
    const hashes = await Promise.all(
      [text, shuffled].map(async (content) => {
        const { findings } = await validate({ spec: [{ name: 'a.nt', content }] });
        return [findings.message, findings.data_graph];
      }),
    );
    expect(hashes[0]).toEqual(hashes[1]);
  });

  it('gives the labels and hash of rdf-canonize, whose steps it saves', async () => {
    const list = (members: string): string => `<a:s> <a:p> (${members}) .`;
    const graphs = [
      nquads(ring(60), 'r').join('\n'),
      list('"x" '.repeat(60)),
      list('[ <a:q> "x" ] '.repeat(20)),
      list('(1 1) (1 1) (1 2) '.repeat(5)),
      nquads(clique(5), 'c').join('\n'),
      [...nquads(ring(4), 'a'), ...nquads(ring(4), 'b'), ...nquads(ring(3), 'c')].join('\n'),
      ...Array.from({ length: 60 }, (_, seed) => randomGraph(seed)),
    ];
    for (const text of graphs) {
      const graph = await graphOf(text);
      const labels = new Map<string, string>();
      const theirs = new RDFC10({ canonicalIdMap: labels, maxDeepIterations: Infinity });
      const hash = sha256Hex(await theirs.main([...graph]));
      const ours = await canonicalize(graph);
      expect({ text, hash: ours.sha256, labels: [...ours.labels] }).toEqual({
        text,
        hash,
        labels: [...labels],
      });
    }
  });

  it.each([
    ['a list of 2,500 equal members', `<a:s> <a:p> (${'"x" '.repeat(2500)}) .`],
    ['600 blank nodes in each other', `<a:s> <a:p> ${'[ <a:p> '.repeat(600)} 1 ${']'.repeat(600)} .`],
    ['a ring of 600', nquads(ring(600), 'r').join('\n')],
  ])('gives up %s before any of the work that it would take', async (_name, text) => {
    const alike = new CountedSteps({ maxDeepIterations: 0 });
    await alike.main([...(await graphOf(text))]).catch(() => undefined);
    expect(alike.least).toBeGreaterThan(1_000_000);
    // The limit throws in the first of the calls that do the work.
    const work = vi.spyOn(RDFC10.prototype, 'hashNDegreeQuads');
    try {
      expect((await canonicalize(text)).sha256).toBe(null);
      expect(work).not.toHaveBeenCalled();
    } finally {
      work.mockRestore();
    }
  });

  it('never expects more work than there is', async () => {
    for (const text of [
      ...Array.from({ length: 60 }, (_, seed) => randomGraph(seed)),
      nquads(ring(30), 'r').join('\n'),
      `<a:s> <a:p> (${'"x" '.repeat(30)}) .`,
      nquads(clique(5), 'c').join('\n'),
    ]) {
      const counted = new CountedSteps({ maxDeepIterations: Infinity });
      await counted.main([...(await graphOf(text))]);
      expect(counted.least, text).toBeLessThanOrEqual(counted.steps);
    }
  });

  it.each([
    ['three friends', nquads(clique(3), 'f')],
    ...[3, 4, 20].map((size): [string, string[]] => [`a ring of ${size}`, nquads(ring(size), 'r')]),
  ])('labels %s', async (_name, lines) => {
    expect((await canonicalize(lines.join('\n'))).sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('labels any number of small structures that look alike', async () => {
    const text = Array.from({ length: 3000 }, () => '[ <a:p> [ <a:q> 1 ] ] .').join('\n');
    expect((await canonicalize(text)).blankNodes).toBe(6000);
  });

  it('ends at once when it is aborted', async () => {
    const controller = new AbortController();
    const graph = await graphOf(nquads(ring(240), 'r').join('\n'));
    setTimeout(() => controller.abort());
    const running = canonicalize(graph, controller.signal);
    await expect(running).rejects.toBeInstanceOf(AgentError);
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

/** Makes a graph of up to eight blank nodes, few predicates and graphs, so that many of them look alike. */
function randomGraph(seed: number): string {
  let state = seed + 1;
  const below = (limit: number): number => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
  const size = 3 + below(6);
  return Array.from({ length: size + below(size) }, () => {
    const object = below(8) === 0 ? '"x"' : `_:b${below(size)}`;
    return `_:b${below(size)} <a:p${below(2)}> ${object} .`;
  }).join('\n');
}

/** RDFC-1.0 with the number of steps that it takes, and the number that was expected before. */
class CountedSteps extends RDFC10 {
  least = 0;
  steps = 0;

  override async hashNDegreeQuads(id: string, issuer: Issuer): Promise<NDegreeResult> {
    if (this.steps === 0) {
      const labelled = new Set(this.canonicalIssuer.getOldIds());
      this.least = leastSteps(new Map([...this.blankNodeInfo].filter(([label]) => !labelled.has(label))));
    }
    this.steps += 1 + (this.blankNodeInfo.get(id)?.quads.size ?? 0);
    return super.hashNDegreeQuads(id, issuer);
  }
}
