/** RDF/XML and JSON-LD state the same graphs as Turtle. */
import { describe, expect, it } from 'vitest';
import { type InputFile, type ValidationFindings, formatOf, validate } from '../src/index.ts';
import { ex } from './documents.ts';

const RDF_NAMESPACE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const XML = `<rdf:RDF xmlns:rdf="${RDF_NAMESPACE}" xmlns:ex="http://example.org/">`;

const TURTLE: InputFile = {
  name: 'a.ttl',
  content: `@prefix ex: <http://example.org/> .
    ex:x a ex:T ; ex:p "é"@en-GB, "4" ; ex:q [ ex:p "inner" ] ; ex:r _:n . _:n ex:self _:n .`,
};
const RDF_XML: InputFile = {
  name: 'a.rdf',
  content: `<?xml version="1.0"?>${XML}
    <ex:T rdf:about="http://example.org/x"><ex:p xml:lang="en-GB">é</ex:p><ex:p>4</ex:p>
      <ex:q><rdf:Description ex:p="inner"/></ex:q><ex:r rdf:nodeID="n"/></ex:T>
    <rdf:Description rdf:nodeID="n"><ex:self rdf:nodeID="n"/></rdf:Description></rdf:RDF>`,
};
const JSON_LD: InputFile = {
  name: 'a.jsonld',
  content: JSON.stringify({
    '@id': 'ex:x',
    '@type': 'ex:T',
    'ex:p': [{ '@value': 'é', '@language': 'en-GB' }, '4'],
    'ex:q': { 'ex:p': 'inner' },
    'ex:r': { '@id': '_:n', 'ex:self': { '@id': '_:n' } },
    '@context': { ex: 'http://example.org/' },
  }),
};

async function findingsOf(spec: InputFile, others: object = {}): Promise<ValidationFindings> {
  return (await validate({ spec: [spec], ...others })).findings;
}

describe('formats', () => {
  it('are told by the extension', () => {
    expect(['a.rdf', 'b.OWL', 'c.jsonld'].map(formatOf)).toEqual(['RDF/XML', 'RDF/XML', 'JSON-LD']);
  });

  it.each([RDF_XML, JSON_LD])('of $name have the hash of the graph', async (document) => {
    const [turtle, other] = [await findingsOf(TURTLE), await findingsOf(document)];
    expect(other.error).toBe(null);
    expect(other.data_graph).toEqual(turtle.data_graph);
    expect(turtle.data_graph?.blank_nodes).toBe(2);
  });

  it('keep the blank nodes of documents apart', async () => {
    const { data_graph: graph } = (await validate({ spec: [TURTLE, RDF_XML, JSON_LD] })).findings;
    expect(graph).toMatchObject({ blank_nodes: 6 });
  });

  it('resolve relative IRIs against the name of the document', async () => {
    const shapes = {
      shapes: [
        {
          name: 's.ttl',
          content: `@prefix sh: <http://www.w3.org/ns/shacl#> . [] sh:targetSubjectsOf <a:p> ; sh:nodeKind sh:Literal .`,
        },
      ],
    };
    for (const document of [
      { name: 'n.jsonld', content: '{"@id":"#it","a:p":1}' },
      {
        name: 'n.rdf',
        content:
          XML.replace('xmlns:ex="http://example.org/"', 'xmlns:a="a:"') +
          '<rdf:Description rdf:about="#it" a:p="1"/></rdf:RDF>',
      },
    ]) {
      const { violations } = await findingsOf(document, shapes);
      expect(violations.map(({ focus_node }) => focus_node)).toEqual([
        `<https://ggen-sim.invalid/${document.name}#it>`,
      ]);
    }
  });
});

describe('errors', () => {
  it.each([
    ['a.rdf', `${XML}\n<ex:T><ex:p></ex:T></rdf:RDF>`, { line: 2, message: 'Unexpected close tag' }],
    ['a.rdf', `${XML}\n<ex:T><ex:p>`, { line: 2, message: expect.stringMatching(/^Unclosed tag/) }],
    ['a.rdf', 'no XML', { line: 1 }],
    ['a.rdf', ' ', { line: 1, message: 'The document is empty' }],
    ['a.rdf', `${XML}\n<ex:T rdf:bagID="x"/></rdf:RDF>`, { line: 2, message: 'Rdf:bagID is not supported' }],
    ['a.jsonld', '{"a:p": "é",\n "a:q": x}', { line: 2, column: 9, message: 'The document is not JSON' }],
    ['a.jsonld', '{"a:p": "é",\n "a:q": 1', { line: 2, column: 10, message: 'The document is not complete' }],
    ['a.jsonld', '', { line: 1, message: 'The document is empty' }],
    [
      'a.jsonld',
      '{"@id":"a:a","@id":"a:b"}',
      { line: null, name: 'a.jsonld', message: expect.stringMatching(/^Found duplicate @ids/) },
    ],
  ])('in %s: %s', async (name, content, error) => {
    const findings = await findingsOf({ name, content });
    expect(findings.error).toMatchObject({ code: 'SYNTAX_ERROR', name, ...error });
    expect(findings.conforms).toBe(null);
  });

  it('name a context that is not given', async () => {
    const document = { name: 'a.jsonld', content: '{"@context":"http://example.org/context","it":1}' };
    const findings = await findingsOf(document);
    expect(findings.error).toMatchObject({
      code: 'IO_ERROR',
      message: `The context ${ex('context')} is not given`,
      name: 'a.jsonld',
    });
    const context = {
      name: 'c.jsonld',
      content: '{"@context":{"it":"a:p"}}',
      iri: 'http://example.org/context',
    };
    const given = await findingsOf(document, { import: [context] });
    expect(given).toMatchObject({ error: null, data_graph: { quads: 1 } });
  });
});
