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
});
