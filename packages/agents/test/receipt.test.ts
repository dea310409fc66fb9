import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { describe, expect, it } from 'vitest';
import { type InputFile, type ValidationReceipt, AGENTS, runAgent, validate } from '../src/index.ts';
import { turtle } from './documents.ts';

const SHAPES = turtle(
  'ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .',
  'shapes.ttl',
);
const DATA = turtle('ex:x a ex:C ; ex:part [ a ex:C ; ex:of ex:x ] .');

async function receiptOf(
  spec: readonly InputFile[],
  shapes?: readonly InputFile[],
): Promise<ValidationReceipt> {
  const { receipt } = await runAgent(AGENTS.validation, null, {
    spec,
    ...(shapes === undefined ? {} : { shapes }),
  });
  return receipt;
}

describe('graph hashes', () => {
  it('are computed by RDFC-1.0', async () => {
    // Source: W3C RDF Dataset Canonicalization, appendix B.1 "Unique hashes", its canonical form hashed with sha256sum.
    const content = [
      '@prefix : <http://example.com/#> .',
      ':p :q _:e0 ; :r _:e1 .',
      '_:e0 :s :u . _:e1 :t :u .',
    ].join('\n');
    const { data_graph: graph } = await receiptOf([{ name: 'a.ttl', content }]);
    expect(graph).toEqual({
      sha256: '197dce9a2a3f3c4bb4591910b3762146423c1a4f6901e3789490d1f28fd5e796',
      quads: 4,
      blank_nodes: 2,
    });
  });

  it('do not depend on labels, order, prefixes, format or the split into documents', async () => {
    const whole = '_:b <a:p> <a:x> . <a:y> <a:p> _:b .';
    const cut: readonly InputFile[] = [
      { name: '1.trig', content: '@prefix a: <a:> . a:y a:p [ a:p a:x ] .' },
      { name: '2.nt', content: '' },
    ];
    const hashes = [await receiptOf([{ name: '1.ttl', content: whole }]), await receiptOf(cut)].map(
      (r) => r.data_graph,
    );
    expect(hashes[0]).toEqual(hashes[1]);
  });

  it('treat blank nodes of different documents as different', async () => {
    const content = '_:b <a:p> <a:x> .';
    const { data_graph: graph } = await receiptOf([
      { name: '1.ttl', content },
      { name: '2.ttl', content: '_:b <a:q> <a:x> .' },
    ]);
    expect(graph?.blank_nodes).toBe(2);
  });

  it('depend on graph names, although the triples of all graphs are validated together', async () => {
    const trig = { name: 'a.trig', content: '<a:g> { <http://example.org/x> a <http://example.org/C> }' };
    const receipt = await receiptOf([trig], [SHAPES]);
    const plain = await receiptOf(
      [{ ...trig, content: '<http://example.org/x> a <http://example.org/C> .' }],
      [SHAPES],
    );
    expect(receipt.counts?.violations).toBe(1);
    expect(receipt.data_graph?.sha256).not.toBe(plain.data_graph?.sha256);
  });
});

describe('a receipt', () => {
  it('lists the inputs, counts and violations', async () => {
    const receipt = await receiptOf([DATA], [SHAPES]);
    const bytes = new TextEncoder().encode(String(DATA.content));
    expect(receipt.inputs).toEqual([
      {
        name: 'doc.ttl',
        role: 'spec',
        format: 'Turtle',
        bytes: bytes.byteLength,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        quads: 4,
      },
      expect.objectContaining({ name: 'shapes.ttl', role: 'shapes', quads: 5 }),
    ]);
    expect(receipt.counts).toEqual({
      shapes: 2,
      shapes_with_target: 1,
      shapes_without_focus_nodes: 0,
      focus_nodes: 2,
      results: 2,
      violations: 2,
      warnings: 0,
      infos: 0,
    });
    expect(receipt.violations.map((violation) => violation.focus_node)).toEqual([
      '<http://example.org/x>',
      '_:c14n0',
    ]);
    expect(receipt).toMatchObject({
      kind: 'validation-receipt',
      status: 'error',
      conforms: false,
      files_validated: 1,
    });
    const { parse, canonicalize: canonical, validate: validation, total, shapes } = receipt.durations_ms;
    expect(total).toBeGreaterThanOrEqual((parse ?? NaN) + (canonical ?? NaN) + (validation ?? NaN) - 0.01);
    expect(shapes).toMatchObject([{ focus_nodes: expect.any(Number), evaluate: expect.any(Number) }]);
    for (const { evaluate } of shapes ?? []) expect(evaluate).toBeLessThanOrEqual(validation ?? NaN);
  });

  it('names and hashes every input, also when a document cannot be parsed', async () => {
    const bad = { name: '/home/me/bad.ttl', content: 'oops' };
    const receipt = await receiptOf([bad, { name: 'notes.txt', content: 'hello' }], [SHAPES]);
    expect(receipt.status).toBe('error');
    expect(receipt.message).toBe('bad.ttl:1:1: "oops" is not a token of this format (and 1 more error)');
    expect(receipt.inputs.map(({ name, format, quads }) => [name, format, quads])).toEqual([
      ['bad.ttl', null, null],
      ['notes.txt', null, null],
      ['shapes.ttl', 'Turtle', 5],
    ]);
    expect(receipt.inputs.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256 ?? ''))).toBe(true);
  });

  it('is partial and lists everything that was not evaluated', async () => {
    const shapes = turtle(
      `ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:nodeKind sh:BlankNodeOrIRI ;
       sh:rule [ sh:order 1 ] ; sh:property [ sh:path ex:q ; sh:minCont 1 ] .
       <http://example.org/shapes> owl:imports <http://example.org/more> .`,
      'shapes.ttl',
    );
    const receipt = await receiptOf([DATA], [shapes]);
    expect(receipt.not_evaluated).toEqual(['owl:imports <http://example.org/more>', 'sh:minCont', 'sh:rule']);
    expect(receipt).toMatchObject({ status: 'partial', conforms: null, files_validated: 1 });
    expect(receipt.message).not.toMatch(/pass/i);
  });

  it.each([
    [
      'shapes without targets',
      'ex:S a sh:NodeShape ; sh:nodeKind sh:IRI .',
      'both a target and a constraint',
    ],
    [
      'targets without constraints',
      'ex:S a sh:NodeShape ; sh:targetClass ex:C .',
      'both a target and a constraint',
    ],
    ['targets that pick no node', 'ex:S sh:targetClass ex:None ; sh:nodeKind sh:IRI .', 'pick no node'],
    ['no shapes', 'ex:S a ex:C .', 'no SHACL shapes in the shapes given'],
  ])('is partial with %s', async (_what, shapes, reason) => {
    const receipt = await receiptOf([DATA], [turtle(shapes, 'shapes.ttl')]);
    expect(receipt).toMatchObject({ status: 'partial', conforms: null });
    expect(receipt.message).toContain(reason);
    expect(receipt.message).not.toMatch(/pass/i);
  });

  it('omits nothing when there are no shapes, whatever the ontology imports', async () => {
    const imports = '<http://example.org/o> owl:imports <http://example.org/more> .';
    const ontology = turtle(`${imports} ex:x a ex:C .`);
    expect(await validate({ spec: [ontology] })).toMatchObject({
      omitted: [],
      findings: { status: 'partial' },
    });
    const left = ['owl:imports <http://example.org/more>'];
    expect((await validate({ spec: [DATA], shapes: [turtle(imports, 's.ttl')] })).omitted).toEqual(left);
    const misspelt = turtle('ex:S sh:targetClas ex:C .');
    expect((await validate({ spec: [misspelt] })).omitted).toEqual(['sh:targetClas']);
  });

  it('mentions shapes whose target picks no node', async () => {
    const shapes = turtle(
      'ex:S sh:targetClass ex:C ; sh:class ex:C . ex:T sh:targetClass ex:Typo ; sh:class ex:C .',
    );
    expect((await receiptOf([DATA], [shapes])).message).toContain('1 shape with a target that picks no node');
  });

  it('has the status error with warnings alone, as SHACL defines it', async () => {
    const shapes = turtle('ex:S sh:targetClass ex:C ; sh:class ex:D ; sh:severity sh:Warning .');
    const receipt = await receiptOf([DATA], [shapes]);
    expect(receipt).toMatchObject({
      status: 'error',
      conforms: false,
      counts: { violations: 0, warnings: 2 },
    });
  });

  it('has the error INVALID_SHAPES for circular shapes', async () => {
    const shapes = turtle(
      'ex:S sh:targetClass ex:C ; sh:property ex:P . ex:P sh:path ex:knows ; sh:property ex:P .',
    );
    const data = turtle('ex:a a ex:C ; ex:knows ex:b . ex:b ex:knows ex:a .');
    expect((await receiptOf([data], [shapes])).error).toMatchObject({ code: 'INVALID_SHAPES' });
  });
});

describe('the determinism hash', () => {
  it('covers everything but ids, times, durations and versions', async () => {
    const receipt = await receiptOf([DATA], [SHAPES]);
    const {
      execution_id: _execution,
      agent_id: _agent,
      agent_type: _type,
      started_at: _started,
      finished_at: _finished,
      versions: _versions,
      durations_ms: _durations,
      determinism_hash: hash,
      ...rest
    } = receipt;
    const expected = createHash('sha256')
      .update(canonicalize(rest) ?? '')
      .digest('hex');
    expect(hash).toBe(`sha256:${expected}`);
  });

  it('does not depend on folders, on the order of the documents, or on ids and times', async () => {
    const other = turtle('ex:y a ex:C .', 'other.ttl');
    const inputs = { spec: [DATA, other], shapes: [SHAPES] };
    const first = await runAgent(AGENTS.validation, null, inputs, { agentId: 'a', executionId: '1' });
    const moved = {
      spec: [other, { ...DATA, name: '/some/where/doc.ttl' }],
      shapes: [{ ...SHAPES, name: 'C:\\else\\shapes.ttl' }],
    };
    const second = await runAgent(AGENTS.validation, null, moved, {
      agentId: 'b',
      executionId: '2',
      clock: () => new Date(0),
    });
    expect(second.receipt.determinism_hash).toBe(first.receipt.determinism_hash);
    expect(second.receipt.started_at).toBe('1970-01-01T00:00:00.000Z');
  });

  it('does not depend on the labels and order of blank nodes', async () => {
    const body = (labels: readonly string[]): InputFile =>
      turtle(labels.map((label, index) => `_:${label} a ex:C ; ex:n ${labels.length + index} .`).join('\n'));
    const shuffled = (labels: readonly string[]): InputFile => {
      const [head = '', ...lines] = String(body(labels).content).split('\n');
      return { name: 'doc.ttl', content: [head, ...lines.toReversed()].join('\n') };
    };
    const one = await validate({ spec: [body(['a', 'b', 'c', 'd'])], shapes: [SHAPES] });
    const two = await validate({ spec: [shuffled(['z', 'c14n0', 'y', 'c14n1'])], shapes: [SHAPES] });
    expect(one.findings.violations).toHaveLength(4);
    expect(two.findings.violations).toEqual(one.findings.violations);
    expect(two.findings.data_graph).toEqual(one.findings.data_graph);
  });

  it('changes with the content and with the name of a document', async () => {
    const hashes = await Promise.all(
      [DATA, { ...DATA, content: `${String(DATA.content)}\n` }, { ...DATA, name: 'other.ttl' }].map(
        async (spec) => (await receiptOf([spec], [SHAPES])).determinism_hash,
      ),
    );
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('a request', () => {
  it.each([
    ['spec', { spec: [] }, {}],
    ['shapes', { spec: [DATA], shapes: [] }, {}],
    ['agentId', { spec: [DATA] }, { agentId: '' }],
    ['executionId', { spec: [DATA] }, { executionId: '' }],
  ])('is refused when %s is empty', async (name, inputs, options) => {
    await expect(runAgent(AGENTS.validation, null, inputs, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(name),
    });
  });

  it('keeps the nodes of two documents with one name apart, in any order', async () => {
    const one = { name: 'a/same.ttl', content: '<#it> a <http://example.org/C> ; <#p> <other.ttl> .' };
    const two = { name: 'b/same.ttl', content: '<#it> a <http://example.org/C> .' };
    const other = { name: 'other.ttl', content: '<> a <http://example.org/C> .' };
    const run = await validate({ spec: [one, two, other], shapes: [SHAPES] });
    const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
    expect(run.violations.map(({ focusNode }) => focusNode).toSorted()).toEqual(
      [
        '<https://ggen-sim.invalid/other.ttl>',
        `<https://ggen-sim.invalid/same.ttl?sha256=${sha256(one.content)}#it>`,
        `<https://ggen-sim.invalid/same.ttl?sha256=${sha256(two.content)}#it>`,
      ].toSorted(),
    );
    const swapped = await validate({ spec: [other, two, one], shapes: [SHAPES] });
    expect(swapped.determinismHash).toBe(run.determinismHash);
    const twice = await validate({ spec: [two, { ...two, name: 'c/same.ttl' }], shapes: [SHAPES] });
    expect(twice.violations).toMatchObject([{ focusNode: '<https://ggen-sim.invalid/same.ttl#it>' }]);
  });

  it('fails with the same findings in any order of the documents', async () => {
    const bad = [
      { name: 'x.ttl', content: 'oops' },
      { name: 'y.ttl', content: '<a> <b> .' },
      { name: 'z.txt', content: '' },
      { name: 'gone.ttl', content: '', unreadable: 'no such file or directory' },
    ];
    for (const spec of [bad, bad.slice(0, 3), bad.slice(1, 3)]) {
      const one = await validate({ spec: [DATA, ...spec], shapes: [SHAPES] });
      const two = await validate({ spec: [...spec.toReversed(), DATA], shapes: [SHAPES] });
      expect(one.error).not.toBe(null);
      expect(two.findings).toEqual(one.findings);
    }
  });

  it('leaves a receipt for a document that the caller could not read', async () => {
    const spec = [{ name: '/home/me/gone.ttl', content: '', unreadable: 'no such file or directory' }, DATA];
    expect(await receiptOf(spec, [SHAPES])).toMatchObject({
      status: 'error',
      message: 'gone.ttl: no such file or directory',
      inputs: [
        { name: 'doc.ttl', role: 'spec' },
        { name: 'gone.ttl', role: 'spec', format: null, bytes: null, sha256: null, quads: null },
        { name: 'shapes.ttl', role: 'shapes' },
      ],
      error: { code: 'IO_ERROR', name: 'gone.ttl', line: null },
    });
  });

  it('resolves relative IRIs the same on every machine, and across documents', async () => {
    const spec = [
      { name: 'a/one.ttl', content: '<#x> a <http://example.org/C> ; <p> <two.ttl#y> .' },
      { name: 'b/two.ttl', content: '<#y> a <http://example.org/C> .' },
    ];
    const { violations } = await validate({ spec, shapes: [SHAPES] });
    expect(violations.map(({ focusNode }) => focusNode)).toEqual([
      '<https://ggen-sim.invalid/one.ttl#x>',
      '<https://ggen-sim.invalid/two.ttl#y>',
    ]);
  });
});
