/** Validations of the example files. Node and the browser must compute exactly these hashes. */
import { type Persistence, openPersistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { type InputFile, type ValidationReceipt, AGENTS, runAgent } from '../src/index.ts';
import { turtle } from './documents.ts';

interface DeterminismCase {
  readonly spec: string;
  readonly shapes?: string;
  readonly determinismHash: string;
}

const CASES: readonly DeterminismCase[] = [
  {
    spec: 'water-network.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:0071130f4c02b7a81fc0ace22574715c48fadbfd32943bdc05a793662810fa6e',
  },
  {
    spec: 'water-network-violations.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:dd1fa5d3f8dd32c316a96855aba25f9d2d0b6ee645843270fcfe6d88b6b7aadb',
  },
  {
    spec: 'water-sampling.ttl',
    determinismHash: 'sha256:877e306db16d1cccb10f40dca4e55fe3fa06e823fbb4a094fbbee4cf6c04a8e3',
  },
  {
    spec: 'water-glossary.ttl',
    determinismHash: 'sha256:a2af919cd6d8f5faa95cc727c4197977c5962ad8ad199cb931f8908de19913a6',
  },
  {
    spec: 'water-glossary.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:f42ec135b6b541b7005ad36dc7d3309ffe7539ccf8ad99c8c2925f3c657e00b1',
  },
  {
    spec: 'syntax-error.ttl',
    determinismHash: 'sha256:d7297d58495ea0d7a8e26d99c2c28567fa46154ff0a5b36a1991ef0e962624b6',
  },
];

/** Queries on blank nodes, literals and the shapes graph. */
const WITH_QUERIES = turtle(
  `ex:S sh:target [ sh:select "SELECT ?this { ?this <http://example.org/p> ?o }" ] ;
     sh:sparql [ sh:message "{$this} {?value}" ; sh:select "SELECT $this ?value { $this <http://example.org/p> ?value }" ] ;
     sh:property [ sh:path ( ex:p ex:p ) ; ex:max 1 ] .
   [] sh:parameter [ sh:path ex:max ] ; sh:propertyValidator [ sh:select """SELECT $this ?value {
     GRAPH $shapesGraph { $currentShape <http://example.org/max> ?max } $this $PATH ?value FILTER (?value > $max) }""" ] .
   ex:x ex:p [ ex:p 1, 2, "é"@en-GB ] , [] .`,
  'queries.ttl',
);

/**
 * Defines one test for each case.
 *
 * @param readExample - reads a file in `examples/`
 * @param open - opens a database for the receipts
 */
export function describeDeterminism(
  readExample: (name: string) => Promise<Uint8Array>,
  open: () => Promise<Persistence> = () => openPersistence({ storage: 'memory' }),
): void {
  const example = async (name: string): Promise<InputFile> => ({ name, content: await readExample(name) });
  it('has the expected hash: queries of SPARQL', async () => {
    // Parsers number blank nodes through all runs of a process, so a second run has others.
    for (const _run of ['first', 'second']) {
      const { receipt } = await runAgent(AGENTS.validation, null, { spec: [WITH_QUERIES] });
      expect(receipt.counts).toMatchObject({ focus_nodes: 2, results: 6 });
      expect(receipt.determinism_hash).toBe(
        'sha256:640fb6361fcf7ca208588522c684140952768df31cadbf2848931caf80a50a1f',
      );
      expect(receipt.violations.map(({ message }) => message)).toContain('Does not conform to _:c14n5');
    }
  });
  it('has the expected hash: imports and gates', async () => {
    const { receipt } = await runAgent(AGENTS.validation, null, {
      spec: [turtle('<> owl:imports ex:base . ex:x a ex:C ; ex:p ex:y .', 'spec.ttl')],
      shapes: [
        turtle('ex:S sh:targetClass ex:B ; sh:property [ sh:path ex:p ; sh:minCount 2 ] .', 'shapes.ttl'),
      ],
      import: [turtle('ex:base a owl:Ontology . ex:C rdfs:subClassOf ex:B .', 'base.ttl')],
      gates: [
        { name: 'a/gate.rq', content: '# MESSAGE: {?s}\nSELECT ?s { ?s a <http://example.org/C> }' },
        { name: 'b/gate.rq', content: 'ASK { ?s <http://example.org/p> <http://example.org/none> }' },
      ],
    });
    expect(receipt.counts).toMatchObject({ focus_nodes: 1, gates: 2, results: 2 });
    expect(receipt.determinism_hash).toBe(
      'sha256:560fa72dda1a769b44e09afc5daf8b808eacd3a21f9d2c23fdf84055b39f9b30',
    );
  });
  for (const { spec, shapes, determinismHash } of CASES) {
    it(`has the expected hash: ${spec}${shapes === undefined ? '' : ` with ${shapes}`}`, async () => {
      await using db = await open();
      const { receipt, receiptId } = await runAgent(AGENTS.validation, db, {
        spec: [await example(spec)],
        ...(shapes === undefined ? {} : { shapes: [await example(shapes)] }),
      });
      expect(receipt.determinism_hash).toBe(determinismHash);
      const stored = JSON.parse(await db.getReceipt(receiptId ?? '')) as ValidationReceipt;
      expect(stored.determinism_hash).toBe(determinismHash);
    });
  }
}
