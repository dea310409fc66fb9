/** Hashes that a receipt gives to what was found. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { describe, expect, it } from 'vitest';
import { type ValidationFindings, type ValidationInputs, validate } from '../src/index.ts';
import { resultLines } from '../src/validation/results.ts';
import { turtle } from './documents.ts';

async function findingsOf(inputs: ValidationInputs): Promise<ValidationFindings> {
  const { findings, error } = await validate(inputs);
  expect(error).toBe(null);
  return findings;
}

describe('the findings hash', () => {
  const data = 'ex:x a ex:C ; ex:part [ a ex:C ] .\nex:y a ex:C .';
  const shape = 'ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .';
  const shapes = turtle(shape, 'shapes.ttl');

  it('does not depend on line ends, comments, a byte order mark, labels, names or messages', async () => {
    const plain = await findingsOf({ spec: [turtle(data)], shapes: [shapes] });
    const { content } = turtle(data);
    const changed = await findingsOf({
      spec: [
        {
          name: 'other.ttl',
          content: `\uFEFF# A comment.\r\n${String(content)
            .replaceAll('\n', '\r\n')
            .replace('[ a ex:C ]', '_:part . _:part a ex:C')}`,
        },
      ],
      shapes: [turtle(shape, 'other-shapes.ttl')],
    });
    expect(changed.findings_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(changed.findings_hash).toBe(plain.findings_hash);
    expect(changed.data_graph).toEqual(plain.data_graph);
    expect(changed.inputs[0]?.sha256).not.toBe(plain.inputs[0]?.sha256);
  });

  it('differs for another result or graph, and is null for a failed run', async () => {
    const base = (await findingsOf({ spec: [turtle(data)], shapes: [shapes] })).findings_hash;
    const warned = turtle(shape.replace('sh:minCount', 'sh:severity sh:Warning ; sh:minCount'), 'shapes.ttl');
    expect((await findingsOf({ spec: [turtle(data)], shapes: [warned] })).findings_hash).not.toBe(base);
    const more = turtle(`${data} ex:x ex:q 1 .`);
    expect((await findingsOf({ spec: [more], shapes: [shapes] })).findings_hash).not.toBe(base);
    const failed = await validate({ spec: [turtle('ex:x')] });
    expect(failed.findings.findings_hash).toBe(null);
  });
});

describe('a graph whose blank nodes are too alike', () => {
  const nodes = Array.from({ length: 12 }, (_, index) => `_:b${index}`);
  const clique = nodes
    .map((from) => `${from} a ex:C ; ex:knows ${nodes.filter((to) => to !== from).join(' , ')} .`)
    .join('\n');
  const shape = turtle('ex:S sh:targetClass ex:C ; sh:maxCount 10 ; sh:path ex:knows .', 'shapes.ttl');

  it('is validated without a hash', async () => {
    const findings = await findingsOf({ spec: [turtle(clique)], shapes: [shape] });
    expect(findings).toMatchObject({
      conforms: false,
      findings_hash: null,
      data_graph: { sha256: null, quads: 144, blank_nodes: 12, error: { code: 'CANONICALIZATION_LIMIT' } },
    });
    expect(findings.shapes_graph?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(findings.counts?.results).toBe(12);
    expect(findings.message).toContain('no hash of the graph: The blank nodes of the spec are too alike');
    expect(findings.violations[0]?.focus_node).toBe('_:b0');
  });

  it('gives the same determinism hash again', async () => {
    const inputs = { spec: [turtle(clique)], shapes: [shape] };
    const [first, second] = [await validate(inputs), await validate(inputs)];
    expect(second.determinismHash).toBe(first.determinismHash);
  });
});

describe('language tags', () => {
  it('keep their case in the graph hash, as other tools have it', async () => {
    const content = '<http://example.org/s> <http://example.org/p> "x"@en-GB .';
    const { data_graph: graph } = await findingsOf({ spec: [{ name: 'a.nt', content }] });
    expect(graph?.sha256).toBe(createHash('sha256').update(`${content}\n`).digest('hex'));
  });

  it('are compared without regard to case', async () => {
    const { conforms } = await findingsOf({
      spec: [
        turtle(
          `ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:hasValue "x"@en-gb ; sh:maxCount 1 ; sh:in ( "x"@EN-gb ) ] .
           ex:x ex:p "x"@en-GB, "x"@EN-GB .`,
        ),
      ],
    });
    expect(conforms).toBe(true);
  });
});

it('a receipt lists 1,000 results and hashes the rest', async () => {
  const nodes = Array.from({ length: 1003 }, (_, index) => `ex:n${index}`);
  const spec = turtle(`ex:S sh:targetNode ${nodes.join(', ')} ; sh:nodeKind sh:Literal .`);
  const { findings, violations } = await validate({ spec: [spec] });
  expect(findings.counts?.results).toBe(1003);
  expect(violations).toHaveLength(1003);
  expect(findings.violations).toHaveLength(1000);
  const lines = violations.slice(1000).map((violation) => {
    const { focusNode, sourceShape, sourceConstraintComponent, ...same } = violation;
    return `${canonicalize({
      ...same,
      focus_node: focusNode,
      source_shape: sourceShape,
      source_constraint_component: sourceConstraintComponent,
    })}\n`;
  });
  const all = resultLines({ violations }).split(/(?<=\n)/);
  expect(all.slice(1000)).toEqual(lines);
  expect(all.slice(0, 1000).map((line) => JSON.parse(line) as unknown)).toEqual(findings.violations);
  expect(findings.omitted_results).toEqual({
    count: 3,
    sha256: createHash('sha256').update(lines.join('')).digest('hex'),
  });
});

it('does not depend on the order of statements, whatever a query makes of it', async () => {
  const values = ['1', '2', 'ex:a', '"b"', '[ ex:r 1 ]', '[ ex:r 2 ]', 'ex:c', '"d"'];
  const query = (result: string): string =>
    `sh:sparql [ sh:select "SELECT $this (${result} AS ?value) { $this <http://example.org/p> ?o } GROUP BY $this" ]`;
  const shapes = turtle(
    `ex:S sh:targetNode ex:x ; ${query('SAMPLE(?o)')} , [ sh:select "SELECT $this ?value { { SELECT $this ?value { $this <http://example.org/p> ?value } LIMIT 1 } }" ] .
     ex:T sh:targetNode ex:x ; ${query('GROUP_CONCAT(STR(?o))')} .`,
    'shapes.ttl',
  );
  const gate = { name: 'g.rq', content: 'SELECT ?s ?value { ?s <http://example.org/p> ?value } LIMIT 2' };
  const hashes = await Promise.all(
    [values, values.toReversed(), values.toSorted()].map(async (ordered) => {
      const body = ordered.map((value) => `ex:x ex:p ${value} .`).join('\n');
      return (await findingsOf({ spec: [turtle(body)], shapes: [shapes], gates: [gate] })).findings_hash;
    }),
  );
  expect(new Set(hashes).size).toBe(1);
});
