/** Triple terms and base directions of RDF 1.2, from the document to the reports. */
import n3 from 'n3';
import { describe, expect, it } from 'vitest';
import { AGENTS, type InputFile, runAgent, validate } from '../src/index.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { TermTable } from '../src/rdf/term-table.ts';
import { canonicalText, withPlainLanguages } from '../src/rdf/terms.ts';
import { QueryText } from '../src/sparql/query-text.ts';
import { turtle } from './documents.ts';

type Run = Awaited<ReturnType<typeof validate>>;

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';

async function results(data: InputFile, shapes: string): Promise<string[]> {
  const { error, violations } = await validate({ spec: [data], shapes: [turtle(shapes, 'shapes.ttl')] });
  expect(error).toBeNull();
  return violations.map(
    ({ focusNode, value, sourceConstraintComponent }) =>
      `${focusNode} ${sourceConstraintComponent.replace('ConstraintComponent', '')} ${value ?? ''}`,
  );
}

describe('triple terms', () => {
  const REIFIED = turtle(
    `ex:bob ex:age 23 {| ex:source ex:census |} .
     << ex:bob ex:knows _:alice ~ ex:claim >> ex:source _:alice .`,
  );

  it('are values of rdf:reifies, of annotations and of reified triples', async () => {
    const shapes = `ex:S sh:targetSubjectsOf rdf:reifies ;
        sh:property [ sh:path ex:source ; sh:nodeKind sh:IRI ] ;
        sh:property [ sh:path rdf:reifies ; sh:minCount 1 ; sh:maxCount 1 ; sh:hasValue <<( ex:bob ex:age 23 )>> ] .`;
    const claimed = '<<( <http://example.org/bob> <http://example.org/knows> _:b1 )>>';
    expect(await results(REIFIED, shapes)).toEqual([
      // The node in the triple term is the one outside.
      '<http://example.org/claim> NodeKind _:b1',
      '<http://example.org/claim> HasValue ',
    ]);
    expect(
      await results(REIFIED, 'ex:S sh:targetObjectsOf rdf:reifies ; sh:nodeKind sh:IRIOrLiteral .'),
    ).toEqual([expect.stringMatching(/^<<\( .*ex/), `${claimed} NodeKind ${claimed}`]);
  });

  it('violate what only other terms can have', async () => {
    const constraints = [
      ...['IRI', 'Literal', 'BlankNode', 'BlankNodeOrIRI', 'BlankNodeOrLiteral', 'IRIOrLiteral'].map(
        (kind) => `sh:nodeKind sh:${kind}`,
      ),
      'sh:datatype xsd:string',
      'sh:class ex:C',
      'sh:minLength 0',
      'sh:maxLength 1000',
      'sh:pattern "^"',
      'sh:minInclusive 0',
      'sh:languageIn ( "en" )',
      'sh:in ( ex:a <<( ex:a ex:p "x"@en--rtl )>> <<( ex:a ex:p "x" )>> )',
      'sh:hasValue <<( ex:a ex:p "x"@en )>>',
      'sh:equals ex:other',
      'sh:lessThan ex:same',
      'sh:disjoint ex:same',
      'sh:not [ sh:in ( <<( ex:a ex:p "x"@EN--ltr )>> ) ]',
    ];
    const properties = constraints.map(
      (constraint) =>
        `sh:property [ sh:path ex:has ; ${constraint} ; sh:message ${JSON.stringify(constraint)} ]`,
    );
    const term = '<<( ex:a ex:p "x"@En--ltr )>>';
    const { error, violations } = await validate({
      spec: [turtle(`ex:a ex:has ${term} ; ex:same ${term.replace('En', 'eN')} .`)],
      shapes: [turtle(`ex:S sh:targetNode ex:a ; ${properties.join(' ;\n')} .`, 'shapes.ttl')],
    });
    expect(error).toBeNull();
    expect(violations.map(({ message }) => message).toSorted()).toEqual(constraints.toSorted());
  });

  it('conform to sh:in, sh:equals and sh:closed that name them', async () => {
    const data = turtle('ex:a ex:has <<( ex:a ex:p "x"@EN )>> ; ex:same <<( ex:a ex:p "x"@en )>> .');
    const shape = (closed: string): string =>
      `ex:S sh:targetNode ex:a ; ${closed} sh:property [ sh:path ex:has ; sh:equals ex:same ;
         sh:in ( <<( ex:a ex:p "x"@En )>> ) ] .`;
    expect(await results(data, shape('sh:closed true ; sh:ignoredProperties ( ex:same ) ;'))).toEqual([]);
    expect(await results(data, shape('sh:closed true ;'))).toEqual([
      '<http://example.org/a> Closed <<( <http://example.org/a> <http://example.org/p> "x"@en )>>',
    ]);
  });

  it('are no shapes and no targets', async () => {
    const { error } = await validate({
      spec: [turtle('ex:S sh:targetNode <<( ex:a ex:p 1 )>> ; sh:node ex:T . ex:T sh:nodeKind sh:IRI .')],
    });
    expect(error).toMatchObject({ code: 'INVALID_SHAPES', location: { line: 2, column: 36 } });
    const asShape = await validate({
      spec: [turtle('ex:S sh:targetNode ex:a ; sh:node <<( ex:a ex:p 1 )>> .')],
    });
    expect(asShape.error).toMatchObject({ code: 'INVALID_SHAPES' });
  });

  it.each([
    ['a.nt', 'VERSION "1.2"\n<a:r> <RDFreifies> <<( <a:s> <a:p> _:o )>> .\n_:o <a:p> "x" .\n'],
    ['a.nq', '<a:r> <RDFreifies> <<( <a:s> <a:p> _:o )>> <a:g> .\n_:o <a:p> "x" .\n'],
    ['a.trig', '<a:g> { << <a:s> <a:p> _:o ~ <a:r> >> <a:q> 1 . _:o <a:p> "x" }'],
  ])('are read from %s', async (name, content) => {
    const data = { name, content: content.replace('RDF', RDF) };
    expect(
      await results(
        data,
        'ex:S sh:targetNode <a:r> ; sh:property [ sh:path rdf:reifies ; sh:nodeKind sh:IRI ] .',
      ),
    ).toEqual(['<a:r> NodeKind <<( <a:s> <a:p> _:b0 )>>']);
  });

  it('are terms of SPARQL constraints and gates', async () => {
    const select = `SELECT $this ?value { $this <${RDF}reifies> ?value ; ex:source ?o
      BIND(<<(ex:bob ex:knows ?o)>> AS ?claim) FILTER(?value = ?claim) }`;
    const shapes = `ex: sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .
      ex:S sh:targetSubjectsOf rdf:reifies ; sh:sparql [ sh:prefixes ex: ; sh:select """${select}""" ] .
      ex:T sh:targetObjectsOf rdf:reifies ; sh:sparql [
        sh:select "SELECT $this ?value { ?value <${RDF}reifies> $this . FILTER(isTRIPLE($this)) }" ] .`;
    expect(await results(REIFIED, shapes)).toEqual([
      '<<( <http://example.org/bob> <http://example.org/age> "23"^^<http://www.w3.org/2001/XMLSchema#integer> )>> SPARQL _:b0',
      '<<( <http://example.org/bob> <http://example.org/knows> _:b1 )>> SPARQL <http://example.org/claim>',
      '<http://example.org/claim> SPARQL <<( <http://example.org/bob> <http://example.org/knows> _:b1 )>>',
    ]);
    const gate = {
      name: 'g.rq',
      content: `SELECT ?what ?who { ?who <${RDF}reifies> ?what FILTER(isIRI(?who)) }`,
    };
    const { violations } = await validate({ spec: [REIFIED], gates: [gate] });
    expect(violations).toMatchObject([
      {
        focusNode: '<http://example.org/claim>',
        message: expect.stringContaining(
          '?what <<( <http://example.org/bob> <http://example.org/knows> _:b1 )>>',
        ),
      },
    ]);
  });

  it('hide no variable of a query', () => {
    const { variables } = new QueryText('ASK { ?a ?b <<(?x$y?z)>> . <<ex:a?p"o">> ex:q <<<a:b>?r _:c>> }');
    expect([...variables]).toEqual(['a', 'b', 'x', 'y', 'z', 'p', 'r']);
  });

  it('are in every report', async () => {
    const shapes = turtle('ex:S sh:targetObjectsOf rdf:reifies ; sh:nodeKind sh:IRI .', 'shapes.ttl');
    const inputs = { spec: [REIFIED], shapes: [shapes] };
    const run = await runAgent(AGENTS.validation, null, inputs);
    for (const format of ['text', 'turtle', 'sarif', 'junit', 'github', 'jsonl']) {
      const text = (await AGENTS.validation.reports?.write(run, format, inputs)) ?? '';
      expect(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>')).toMatch(
        /<<\( \S+bob>? \S+knows>? _:b1 \)>>/,
      );
      if (format !== 'turtle') continue;
      const { quads } = await parseRdf(openInput(measureInput({ name: 'report.ttl', content: text })));
      const values = [...quads].filter(({ predicate }) => predicate.value.endsWith('#value'));
      expect(values.map(({ object }) => object.termType)).toEqual(['Quad', 'Quad']);
    }
  });
});

describe('base directions', () => {
  it('are parts of literals', async () => {
    const data = turtle('ex:a ex:p "x"@ar--rtl, "x"@ar--ltr, "x"@AR, "x" .');
    const property = 'ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ;';
    expect(
      await results(data, `${property} sh:in ( "x"@ar--ltr "x"@ar "x" ) ; sh:languageIn ( "ar" ) ] .`),
    ).toEqual(['<http://example.org/a> In "x"@ar--rtl', '<http://example.org/a> LanguageIn "x"']);
    expect(await results(data, `${property} sh:datatype rdf:dirLangString ] .`)).toEqual([
      '<http://example.org/a> Datatype "x"',
      '<http://example.org/a> Datatype "x"@ar',
    ]);
    const select = `SELECT $this ?value { $this <http://example.org/p> ?value FILTER(hasLANGDIR(?value)) }`;
    expect(await results(data, `ex:S sh:targetNode ex:a ; sh:sparql [ sh:select "${select}" ] .`)).toEqual([
      '<http://example.org/a> SPARQL "x"@ar--ltr',
      '<http://example.org/a> SPARQL "x"@ar--rtl',
    ]);
  });
});

describe('hashes', () => {
  const runOf = async (body: string): Promise<Run> =>
    await validate({ spec: [turtle(`${body} ex:S sh:targetNode ex:a ; sh:nodeKind sh:IRI .`)] });

  it.each([
    ['triple terms', 'ex:a ex:p <<( ex:a ex:p "x"@en--ltr )>> .', 0],
    ['base directions', 'ex:a ex:p "x"@en--ltr .', 0],
    ['triple terms and base directions', '<< ex:a ex:p [] >> ex:p "x"@en--ltr .', 2],
  ])('are left out of graphs with %s', async (what, body, blankNodes) => {
    const { findings } = await runOf(body);
    const message = `RDFC-1.0 has no form for the ${what} of RDF 1.2 in the spec`;
    expect(findings).toMatchObject({
      status: 'success',
      conforms: true,
      data_graph: { sha256: null, blank_nodes: blankNodes, error: { code: 'UNSUPPORTED_RDF', message } },
      findings_hash: null,
    });
    expect(findings.message).toContain(message);
    expect((await runOf(body)).findings).toEqual(findings);
  });

  it('are made of graphs whose texts only look like it', async () => {
    const { findings } = await runOf(
      'ex:a ex:p "--ltr", "<<( ex:a ex:p 1 )>>", "x"^^<http://example.org/--ltr>, "x"@en .',
    );
    expect(findings.data_graph?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

it('terms are read from the text that is kept of them', () => {
  const { DataFactory: terms } = n3;
  const iri = terms.namedNode('http://example.org/a)>>(');
  const strings = ['', ' )>> ', '"', '\\', '\\"', '" )>>', '\n\u{1F600}\\" "', '"@en--ltr'];
  const literals = strings.flatMap((value) => [
    terms.literal(value),
    terms.literal(value, iri),
    terms.literal(value, 'en'),
    terms.literal(value, { language: 'ar', direction: 'rtl' }),
  ]);
  const table = new TermTable(terms);
  for (const object of [...literals, terms.blankNode('b')]) {
    const inner = terms.quad(terms.blankNode('b'), iri, object);
    for (const term of [
      object,
      inner,
      terms.quad(iri, iri, inner),
      terms.quad(iri, iri, terms.quad(iri, iri, inner)),
    ]) {
      const found = new TermTable(terms);
      const id = found.idOf(term);
      expect(found.term(id).equals(term)).toBe(true);
      expect(canonicalText(found.term(id))).toBe(canonicalText(term));
      expect(withPlainLanguages(term, terms)).toBe(term);
      table.idOf(term);
    }
  }
  expect(table.size).toBe(4 * (literals.length + 1));
});
