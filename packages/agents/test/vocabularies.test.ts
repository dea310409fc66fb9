import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { type InputFile, validate } from '../src/index.ts';
import { turtle } from './documents.ts';

const require = createRequire(import.meta.url);

/** Reads a vocabulary from the npm package that publishes it. */
function vocabulary(name: string): InputFile {
  return { name: `${name}.nq`, content: readFileSync(require.resolve(`@vocabulary/${name}/${name}.nq`)) };
}

/**
 * Counts of statements, blank nodes, classes (instances of rdfs:Class, owl:Class or a subclass of them) and classes
 * without a label. Counted line by line with a script that shares no code with this package.
 */
const EXPECTED = {
  dcat: { quads: 1342, blankNodes: 31, classes: 9, unlabelled: 1 },
  foaf: { quads: 620, blankNodes: 0, classes: 13, unlabelled: 0 },
  org: { quads: 748, blankNodes: 25, classes: 13, unlabelled: 4 },
  schema: { quads: 17_823, blankNodes: 0, classes: 1009, unlabelled: 79 },
  sh: { quads: 1487, blankNodes: 76, classes: 40, unlabelled: 0 },
  skos: { quads: 252, blankNodes: 3, classes: 5, unlabelled: 1 },
} as const;

const EVERY_CLASS_HAS_A_LABEL = turtle(
  'ex:ClassShape a sh:NodeShape ; sh:targetClass rdfs:Class, owl:Class ; sh:property [ sh:path rdfs:label ; sh:minCount 1 ] .',
  'labels.ttl',
);

describe('published vocabularies', () => {
  it.each(Object.entries(EXPECTED))('%s is read, hashed and validated', async (name, expected) => {
    const file = vocabulary(name);
    const inputs = { spec: [file], shapes: [EVERY_CLASS_HAS_A_LABEL] };
    const { findings, error } = await validate(inputs);
    expect(error).toBeNull();
    expect(findings.inputs[0]).toMatchObject({
      name: `${name}.nq`,
      format: 'N-Quads',
      quads: expected.quads,
    });
    expect(findings.data_graph).toMatchObject({ quads: expected.quads, blank_nodes: expected.blankNodes });
    expect(findings.counts).toMatchObject({ focus_nodes: expected.classes, violations: expected.unlabelled });

    // Statements in another order are the same graph.
    const lines = String(file.content).trimEnd().split('\n');
    const reversed = { ...file, content: `${lines.toReversed().join('\n')}\n` };
    const again = await validate({ ...inputs, spec: [reversed] });
    expect(again.findings.data_graph).toEqual(findings.data_graph);
    expect(again.findings.inputs[0]?.sha256).not.toBe(findings.inputs[0]?.sha256);
  });
});
