/** `owl:imports` from documents that are given. */
import { describe, expect, it } from 'vitest';
import { AGENTS, type InputFile, runAgent, validate, verifyReceipt } from '../src/index.ts';
import { ex, turtle } from './documents.ts';

const DATA = turtle('ex:x a ex:C .');
const SHAPES = turtle('<> owl:imports ex:first . ex:S sh:targetClass ex:C ; sh:node ex:T .', 'shapes.ttl');
const FIRST: InputFile = {
  ...turtle('<> owl:imports ex:second , ex:first .', '1.ttl'),
  iri: 'http://example.org/first',
};
const SECOND: InputFile = {
  ...turtle('ex:T sh:property [ sh:path ex:p ; sh:minCount 1 ] .', '2.ttl'),
  iri: 'http://example.org/second',
};
const UNUSED: InputFile = {
  ...turtle('ex:U sh:targetClass ex:C ; sh:nodeKind sh:Literal .', '3.ttl'),
  iri: 'a:b',
};

describe('imports', () => {
  it('are followed through the documents given, in circles too', async () => {
    const inputs = { spec: [DATA], shapes: [SHAPES], import: [SECOND, UNUSED, FIRST] };
    const { receipt, receiptJson } = await runAgent(AGENTS.validation, null, inputs);
    expect(receipt).toMatchObject({
      not_evaluated: [],
      violations: [{ focus_node: ex('x'), source_constraint_component: 'NodeConstraintComponent' }],
    });
    expect(receipt.inputs.filter(({ role }) => role === 'import').map(({ iri }) => iri)).toEqual([
      'http://example.org/first',
      'http://example.org/second',
      'a:b',
    ]);
    const files = [DATA, SHAPES, FIRST, SECOND, UNUSED].map(({ name, content }) => ({ name, content }));
    expect(await verifyReceipt(receiptJson, files, { rerun: true })).toMatchObject({
      ok: true,
      differences: [],
    });
  });

  it('that are missing are named', async () => {
    const shapes = [
      turtle('<> owl:imports ex:first . ex:S sh:targetClass ex:C ; sh:nodeKind sh:IRI .', 's.ttl'),
    ];
    const { findings } = await validate({ spec: [DATA], shapes, import: [FIRST] });
    expect(findings).toMatchObject({ status: 'partial', not_evaluated: [`owl:imports ${ex('second')}`] });
  });

  it('are found by the ontology that a document of any kind describes', async () => {
    const { iri: _first, ...first } = FIRST;
    const { iri: _second, ...second } = SECOND;
    const named = {
      spec: [{ ...first, content: `${String(first.content)} ex:first a owl:Ontology .` }, DATA],
      shapes: [SHAPES],
      import: [
        { ...second, content: `${String(second.content)} ex:o a owl:Ontology ; owl:versionIRI ex:second .` },
      ],
    };
    const { findings } = await validate(named);
    expect(findings).toMatchObject({ not_evaluated: [], counts: { violations: 1 } });
    const { findings: without } = await validate({ ...named, import: [second] });
    expect(without.error).toMatchObject({ code: 'INVALID_SHAPES' });
  });

  it('resolve relative IRIs against their own IRI', async () => {
    const spec = [
      turtle(
        '<> owl:imports <http://example.org/dir/o.ttl> . ex:S sh:targetClass ex:C ; sh:hasValue ex:no .',
      ),
    ];
    const imports = [{ name: 'local.ttl', content: '<#it> a <../C> .', iri: 'http://example.org/dir/o.ttl' }];
    const { findings } = await validate({ spec, import: imports });
    expect(findings.violations.map(({ focus_node }) => focus_node)).toEqual([ex('dir/o.ttl#it')]);
  });

  it('of one document several times count once, whatever their IRIs', async () => {
    const body = 'ex:o a owl:Ontology ; owl:imports ex:b . ex:x a ex:C ; ex:p [ ex:q 1 ] .';
    const spec = turtle(`${body} ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] .`);
    const b = turtle('ex:b a owl:Ontology ; owl:imports ex:o , ex:other . ex:b ex:p [] .', 'b.ttl');
    const listed = { ...spec, name: 'copy.ttl', iri: 'http://example.org/o' };
    const { findings: alone } = await validate({ spec: [spec], import: [b] });
    for (const inputs of [
      { spec: [spec], import: [listed, b] },
      { spec: [spec], import: [b, { ...b, iri: 'http://example.org/other' }] },
      { spec: [spec, spec], import: [b] },
    ]) {
      const { findings } = await validate(inputs);
      expect(findings.violations).toEqual([]);
      expect(findings.data_graph).toEqual(alone.data_graph);
    }
    expect(alone.data_graph).toMatchObject({ blank_nodes: 3 });
  });

  it('that nothing uses have no effect on the findings, even if they are broken', async () => {
    const spec = [
      turtle('<> owl:imports ex:b . <#it> a ex:C . ex:S sh:targetClass ex:C ; sh:nodeKind sh:IRI .'),
    ];
    const b = turtle('ex:b a owl:Ontology . <#b> a ex:C .', 'b.ttl');
    const { findings: alone } = await validate({ spec, import: [b] });
    const broken: InputFile = { name: 'broken.ttl', content: '<a:a> <a:b>' };
    for (const unused of [
      { ...broken, name: 'doc.ttl' },
      { ...broken, name: 'b.ttl' },
      { name: 'b.ttl', content: '<a:a> <a:b> <a:c> .' },
      { name: 'none.ttl', content: '', unreadable: 'no such file', iri: 'a:none' },
      { name: 'latin.jsonld', content: new Uint8Array([0xff]), iri: 'a:latin' },
    ]) {
      const { findings, error } = await validate({ spec, import: [b, unused] });
      expect(error).toBe(null);
      expect(findings).toMatchObject({
        status: 'success',
        data_graph: alone.data_graph,
        findings_hash: alone.findings_hash,
        not_evaluated: [],
      });
    }
    const { error } = await validate({
      spec,
      import: [{ ...broken, iri: 'http://example.org/b' }],
    });
    expect(error).toMatchObject({ code: 'SYNTAX_ERROR' });
    const { findings: missing } = await validate({ spec, import: [broken] });
    expect(missing.not_evaluated).toEqual([
      `owl:imports ${ex('b')}`,
      expect.stringMatching(/^owl:imports from broken\.ttl: /),
    ]);
  });

  it('for which several documents are given are named', async () => {
    const spec = [turtle('<> owl:imports ex:b . ex:S sh:targetNode ex:x ; sh:nodeKind sh:IRI .')];
    const one = turtle('ex:b a owl:Ontology .', '1.ttl');
    const two = turtle('ex:b a owl:Ontology ; ex:p 1 .', '2.ttl');
    const { findings } = await validate({ spec, import: [two, one] });
    expect(findings).toMatchObject({ status: 'partial', conforms: null });
    expect(findings.not_evaluated).toEqual([
      `owl:imports ${ex('b')}: only the first of 1.ttl, 2.ttl, which all have this IRI`,
    ]);
    const { findings: chosen } = await validate({
      spec,
      import: [{ ...two, iri: 'http://example.org/b' }, one],
    });
    expect(chosen.not_evaluated).toEqual([]);
  });
});
