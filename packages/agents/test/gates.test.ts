import { describe, expect, it } from 'vitest';
import { AGENTS, type InputFile, runAgent, validate, verifyReceipt } from '../src/index.ts';
import { ex, turtle } from './documents.ts';

const PREFIX = 'PREFIX ex: <http://example.org/>';
const DATA = turtle('ex:a ex:knows ex:b, [] . ex:b ex:age 7 .', 'data.ttl');

function gate(content: string, name = 'gate.rq'): InputFile {
  return { name, content };
}

describe('gates', () => {
  it('are violated by each row of a SELECT, with its message', async () => {
    const query = `# A comment.\n# MESSAGE: {?who} knows\n\n#MESSAGE:  {?value}.\n${PREFIX}
      SELECT ?value ?who { ?who ex:knows ?value MINUS { ?who ex:age 7 } } ORDER BY ?value # MESSAGE: no`;
    const { findings } = await validate({ spec: [DATA], gates: [gate(query, 'dir/knows.rq')] });
    const ofGate = {
      focus_node: ex('a'),
      path: null,
      shape: '<https://ggen-sim.invalid/knows.rq>',
      severity: 'Violation',
      source_constraint_component: 'https://ggen-sim.invalid/Gate',
    };
    expect(findings.violations).toMatchObject([
      { ...ofGate, value: ex('b') },
      { ...ofGate, value: '_:c14n0' },
    ]);
    expect(findings.violations[0]?.message).toBe(
      `${ex('a')} knows ${ex('b')}. (?value ${ex('b')}, ?who ${ex('a')})`,
    );
    expect(findings).toMatchObject({
      status: 'error',
      conforms: false,
      files_validated: 1,
      counts: { gates: 1 },
    });
  });

  it('are violated by an ASK that is true, and need no shapes', async () => {
    const [yes, no] = [
      gate(`${PREFIX} ASK { ?x ex:age 7 }`, 'yes.rq'),
      gate(`${PREFIX} ASK { ?x ex:age 8 }`, 'no.rq'),
    ];
    const both = await validate({ spec: [DATA], gates: [yes, no] });
    expect(both.findings.violations).toMatchObject([
      { focus_node: '<https://ggen-sim.invalid/yes.rq>', message: 'The gate yes.rq found a violation' },
    ]);
    const { findings, omitted } = await validate({ spec: [DATA], gates: [no] });
    expect(findings).toMatchObject({
      status: 'success',
      conforms: true,
      message: 'Conforms: 1 gate evaluated',
    });
    expect(omitted).toEqual([]);
    const shape = turtle('ex:S sh:targetNode ex:a ; sh:nodeKind sh:IRI .', 'shapes.ttl');
    const { findings: withShapes } = await validate({ spec: [DATA], shapes: [shape], gates: [no] });
    expect(withShapes.message).toBe('Conforms: 1 focus node checked against 1 shape; 1 gate evaluated');
  });

  it('of one name are two gates', async () => {
    const gates = [gate('ASK {}', 'a/gate.rq'), gate('ASK { }', 'b/gate.rq')];
    const { findings } = await validate({ spec: [DATA], gates });
    const shapes = findings.violations.map(({ shape }) => shape);
    expect(shapes).toEqual([
      expect.stringContaining('/gate.rq?sha256='),
      expect.stringContaining('/gate.rq?sha256='),
    ]);
    expect(new Set(shapes).size).toBe(2);
  });

  it('are named in the receipt, which can be verified', async () => {
    const query: InputFile = { ...gate('ASK { ?x e:age 7 }'), prefixes: { e: 'http://example.org/' } };
    const { receipt, receiptJson } = await runAgent(AGENTS.validation, null, {
      spec: [DATA],
      gates: [query],
    });
    expect(receipt.counts).toMatchObject({ gates: 1, violations: 1 });
    expect(receipt.inputs.at(-1)).toMatchObject({
      name: 'gate.rq',
      role: 'gates',
      format: 'SPARQL',
      quads: null,
      prefixes: { e: 'http://example.org/' },
    });
    const files = [DATA, gate('ASK { ?x e:age 7 }')];
    expect(await verifyReceipt(receiptJson, files, { rerun: true })).toMatchObject({
      ok: true,
      differences: [],
    });
  });

  it.each([
    ['ASK { ?x', /expected/],
    ['CONSTRUCT { ?x ?y ?z } { ?x ?y ?z }', /no ASK and no SELECT/],
    ['', /no ASK and no SELECT/],
    ['ASK { SERVICE <http://example.org/> { ?x ?y ?z } }', /contains SERVICE/],
  ])('that are invalid fail the run: %s', async (query, problem) => {
    const { error, findings } = await validate({ spec: [DATA], gates: [gate(query)] });
    expect(error).toMatchObject({
      code: 'INVALID_QUERY',
      file: 'gate.rq',
      message: expect.stringMatching(problem),
    });
    expect(findings).toMatchObject({ status: 'error', conforms: null });
  });

  it('that cannot be evaluated are named', async () => {
    const { findings } = await validate({
      spec: [DATA],
      gates: [gate('ASK { GRAPH ?g { ?x ?y ?z } }', 'a.rq'), gate('ASK { FILTER (<a:f>(1)) }', 'b.rq')],
    });
    expect(findings).toMatchObject({ status: 'partial', conforms: null, counts: { gates: 0 } });
    expect(findings.not_evaluated).toEqual([
      'gate a.rq: it reads a graph other than the data graph',
      'gate b.rq: The custom function <a:f> is not supported',
    ]);
    const { findings: ofShapes } = await validate({
      spec: [DATA],
      gates: [gate('ASK { GRAPH $shapesGraph { ?x ?y ?z } }')],
    });
    expect(ofShapes).toMatchObject({ status: 'partial', conforms: null });
  });

  it('with too many rows are named, and the results of the rest are kept', async () => {
    const numbers = Array.from({ length: 400 }, (_, index) => index).join(' ');
    const shapes = turtle('ex:S sh:targetNode ex:a ; sh:nodeKind sh:Literal .', 'shapes.ttl');
    const { findings, error } = await validate({
      spec: [DATA],
      shapes: [shapes],
      gates: [
        gate(`SELECT * { VALUES ?x { ${numbers} } VALUES ?y { ${numbers} } }`, 'many.rq'),
        gate(`${PREFIX} ASK { ?x ex:age 7 }`, 'yes.rq'),
      ],
    });
    expect(error).toBe(null);
    expect(findings).toMatchObject({ conforms: false, counts: { results: 2, gates: 1 } });
    expect(findings.not_evaluated).toEqual(['gate many.rq: a query returns more than 100000 rows']);
  });

  it('cannot declare prefixes that SPARQL does not allow', async () => {
    const query: InputFile = { ...gate('ASK { }'), prefixes: { 'e: <a:> ASK { } #': 'http://example.org/' } };
    const { error } = await validate({ spec: [DATA], gates: [query] });
    expect(error).toMatchObject({
      code: 'INVALID_QUERY',
      message: expect.stringContaining('does not allow its prefix'),
    });
  });
});
