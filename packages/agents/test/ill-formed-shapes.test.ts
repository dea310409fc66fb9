import { describe, expect, it } from 'vitest';
import { type ValidationOutcome, validate } from '../src/index.ts';
import { turtle } from './documents.ts';

const DATA = 'ex:x a ex:C ; ex:p 1 .';

async function outcomeOf(shapes: string): Promise<ValidationOutcome> {
  return await validate({ spec: [turtle(DATA)], shapes: [turtle(shapes, 'shapes.ttl')] });
}

const onX = (constraints: string): string => `ex:S sh:targetNode ex:x ; ${constraints} .`;
const onP = (constraints: string): string => onX(`sh:property [ sh:path ex:p ; ${constraints} ]`);

describe('an ill-formed shapes graph', () => {
  it.each<[shapes: string, problem: RegExp]>([
    // References to shapes that do not exist.
    [onX('sh:node ex:Mispelt'), /<\S+S>: sh:node refers to <\S+Mispelt>, which .* not describe/],
    [onX('sh:property ex:Mispelt'), /sh:property refers to <\S+Mispelt>/],
    [onX('sh:property [ sh:minCount 1 ]'), /no sh:path|needs a sh:path/],
    [onX('sh:property []'), /sh:property refers to a blank node, which has no sh:path/],
    [onX('sh:property ex:N . ex:N a sh:NodeShape'), /sh:property refers to <\S+N>, which has no sh:path/],
    [onX('sh:not ex:Mispelt'), /sh:not refers to/],
    [onX('sh:node "text"'), /sh:node refers to "text"/],
    [onX('sh:node ex:x . ex:x a ex:C'), /sh:node refers to <\S+x>/],
    [onX('sh:node [ ex:minCount 1 ]'), /sh:node refers to a blank node/],
    [onX('sh:and ( ex:A [] ) . ex:A a sh:NodeShape . ex:B sh:or ( ex:Mispelt )'), /<\S+B>: sh:or refers to/],
    [onX('sh:xone ex:A . ex:A a sh:NodeShape'), /sh:xone must be an RDF list of shapes/],
    [onX('sh:or [ rdf:first ex:A ] . ex:A a sh:NodeShape'), /sh:or must be an RDF list/],
    [onP('sh:qualifiedValueShape ex:Mispelt ; sh:qualifiedMinCount 1'), /in <\S+S>: sh:qualifiedValueShape/],
    [onP('sh:qualifiedMinCount 1'), /sh:qualifiedMinCount needs a sh:qualifiedValueShape/],
    [onX('sh:qualifiedValueShape [] ; sh:qualifiedMinCount 1'), /sh:qualifiedValueShape needs a sh:path/],
    [onP('sh:qualifiedValueShape [], [] ; sh:qualifiedMinCount 1'), /only one value/],
    // Parameters of a wrong type.
    [onP('sh:minCount "abc"'), /sh:minCount must be an integer, not "abc"/],
    [onP('sh:minCount "abc"^^xsd:integer'), /must be an integer/],
    [onP('sh:maxCount 1.5'), /must be an integer, not "1.5"/],
    [onP('sh:maxCount 1, 2'), /sh:maxCount can have only one value/],
    [onX('sh:maxCount 1'), /sh:maxCount needs a sh:path/],
    [onP('sh:minLength "3"'), /sh:minLength must be an integer/],
    [onP('sh:class "C"'), /sh:class must be an IRI/],
    [onP('sh:datatype "xsd:string"'), /sh:datatype must be an IRI/],
    [onP('sh:datatype xsd:int, xsd:string'), /sh:datatype can have only one value/],
    [onP('sh:nodeKind sh:Iri'), /sh:nodeKind must be one of the node kinds/],
    [onP('sh:minInclusive ex:five'), /sh:minInclusive must be a well-formed literal/],
    [onP('sh:maxExclusive "abc"^^xsd:integer'), /sh:maxExclusive must be a well-formed literal/],
    [onP('sh:pattern ex:p'), /sh:pattern must be a string/],
    [onP('sh:pattern "a", "b"'), /sh:pattern can have only one value/],
    [onX('sh:minCount 1'), /<\S+S>: sh:minCount needs a sh:path/],
    [onP('sh:languageIn "en"'), /sh:languageIn must be an RDF list/],
    [onP('sh:languageIn ( ex:en )'), /sh:languageIn must be an RDF list/],
    [onP('sh:uniqueLang "yes"'), /sh:uniqueLang must be true or false/],
    [onP('sh:equals "p"'), /sh:equals must be an IRI/],
    [onX('sh:lessThan ex:q'), /sh:lessThan needs a sh:path/],
    [onP('sh:in "a"'), /sh:in must be an RDF list/],
    [onP('sh:in ( 1 ) , ( 2 )'), /sh:in can have only one value/],
    [onX('sh:closed "true"'), /sh:closed must be true or false, not "true"/],
    [onX('sh:closed "1"^^xsd:boolean'), /sh:closed must be true or false/],
    [onX('sh:closed true ; sh:ignoredProperties ex:p'), /sh:ignoredProperties must be an RDF list of IRIs/],
    [onX('sh:class ex:C ; sh:deactivated "true"'), /sh:deactivated must be true or false/],
    [onX('sh:class ex:C ; sh:severity "Warning"'), /sh:severity must be an IRI/],
    [onX('sh:class ex:C ; sh:message 5'), /sh:message must be a text/],
    ['ex:S sh:targetClass "C" ; sh:class ex:C .', /sh:targetClass must be an IRI/],
    ['ex:S sh:targetNode [] ; sh:class ex:C .', /sh:targetNode must be an IRI or a literal/],
    // Paths.
    [onX('sh:property [ sh:path "p" ; sh:minCount 1 ]'), /not a property path: "p" is not an IRI/],
    [onX('sh:property [ sh:path [] ; sh:minCount 1 ]'), /not a property path: a blank node is neither/],
    [onX('sh:property [ sh:path () ; sh:minCount 1 ]'), /not a property path: a sequence is empty/],
    [onX('sh:property [ sh:path [ sh:alternativePath ex:p ] ; sh:minCount 1 ]'), /not an RDF list/],
    [onX('sh:property [ sh:path [ sh:inversePath ex:p, ex:q ] ; sh:minCount 1 ]'), /more than one kind/],
    [`${onX('sh:property [ sh:path _:p ; sh:minCount 1 ]')} _:p sh:inversePath _:p .`, /contains itself/],
    [onX('sh:property [ sh:path ex:p, ex:q ; sh:minCount 1 ]'), /only one sh:path/],
    [onX('a sh:NodeShape ; sh:path ex:p ; sh:minCount 1'), /a node shape cannot have a sh:path/],
    [onX('a sh:PropertyShape ; sh:class ex:C'), /a property shape needs a sh:path/],
    // Shapes that no focus node reaches.
    [`${onX('sh:class ex:C')} ex:Unused sh:node ex:Mispelt .`, /<\S+Unused>: sh:node refers/],
  ])('with %s is refused', async (shapes, problem) => {
    const { error, findings } = await outcomeOf(shapes);
    expect(error).toMatchObject({ code: 'INVALID_SHAPES' });
    expect(error?.message).toMatch(problem);
    expect(error?.message).not.toContain('[object');
    expect(error?.location).toMatchObject({ name: 'shapes.ttl' });
    expect(findings).toMatchObject({ status: 'error', conforms: null, violations: [] });
  });

  it('is named with line, column and the number of other problems', async () => {
    const shapes = turtle(
      'ex:S sh:targetNode ex:x ;\n  sh:property [\n    sh:path ex:p ;\n    sh:minCount   "abc" ;\n    sh:class 5 ] ;\n  sh:node ex:M .',
      'dir/shapes.ttl',
    );
    const { error, findings } = await validate({ spec: [turtle(DATA)], shapes: [shapes] });
    expect(error?.location).toMatchObject({
      name: 'dir/shapes.ttl',
      line: 5,
      column: 19,
      excerpt: '    sh:minCount   "abc" ;',
    });
    expect(findings.message).toBe(
      'shapes.ttl:5:19: Ill-formed shapes: A shape in <http://example.org/S>: sh:minCount must be an integer, not "abc" (and 2 more problems of the shapes)',
    );
  });

  it('gives the same error for any order of the documents', async () => {
    const shapes = [turtle(onX('sh:node ex:M1'), 'a.ttl'), turtle(onX('sh:node ex:M2'), 'b.ttl')];
    const spec = [turtle(DATA)];
    const [forward, backward] = await Promise.all([
      validate({ spec, shapes }),
      validate({ spec, shapes: shapes.toReversed() }),
    ]);
    expect(forward.findings.error).toMatchObject({ name: 'a.ttl' });
    expect(backward.determinismHash).toBe(forward.determinismHash);
  });

  it('names the spec when the shapes are there, and hints at imports', async () => {
    const spec = [turtle(`${DATA} <> owl:imports ex:other . ${onX('sh:node ex:Imported')}`, 'spec.ttl')];
    const { error } = await validate({ spec });
    expect(error?.location?.name).toBe('spec.ttl');
    expect(error?.hint).toContain('Imports');
  });

  it.each([
    onX('sh:node []'),
    onX('sh:node ex:Any . ex:Any a sh:NodeShape'),
    onP('sh:minCount "1"^^xsd:nonNegativeInteger'),
    onP('sh:message "a"@en, "b" ; sh:minCount 1'),
    onX('sh:property [ sh:path ( ex:p ) ; sh:minCount 1 ]'),
  ])('does not include %s', async (shapes) => {
    const { error, findings } = await outcomeOf(shapes);
    expect(error).toBeNull();
    expect(findings.conforms).toBe(true);
  });
});
