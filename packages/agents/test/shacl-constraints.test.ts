import { describe, expect, it } from 'vitest';
import { validate } from '../src/index.ts';
import { ex, turtle } from './documents.ts';

/** Validates and returns results as `focus | path | value | component`, without namespaces and `ConstraintComponent`. */
async function resultsOf(body: string, shapes?: string): Promise<string[]> {
  const { violations, error } = await validate({
    spec: [turtle(body)],
    ...(shapes === undefined ? {} : { shapes: [turtle(shapes, 'shapes.ttl')] }),
  });
  if (error !== null) throw error;
  const short = (text: string | null): string =>
    (text ?? '-')
      .replace(/<http:\/\/example\.org\/([^>]*)>/g, 'ex:$1')
      .replace('http://www.w3.org/2001/XMLSchema#', 'xsd:');
  return violations.map(({ focusNode, path, value, sourceConstraintComponent: component }) =>
    [focusNode, path, value, component.replace('ConstraintComponent', '')].map(short).join(' | '),
  );
}

/** Makes a property shape for ex:p of ex:x. */
const onX = (constraints: string): string =>
  `ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; ${constraints} ] .`;

describe('classes', () => {
  const shape = 'ex:S sh:targetClass ex:Pipe ; sh:property [ sh:path ex:material ; sh:minCount 1 ] .';
  const missing = ['ex:x | ex:material | - | MinCount'];

  it('validates instances of a subclass when the axiom is in the data only', async () => {
    const data = 'ex:Main rdfs:subClassOf ex:Pipe . ex:x a ex:Main .';
    expect(await resultsOf(data, shape)).toEqual(missing);
  });

  it('validates instances of a subclass when the axiom is in the shapes only', async () => {
    expect(await resultsOf('ex:x a ex:Main .', `${shape} ex:Main rdfs:subClassOf ex:Pipe .`)).toEqual(
      missing,
    );
  });

  it('validates instances of a subclass when data and shapes each have half of the axioms', async () => {
    const data = 'ex:Trunk rdfs:subClassOf ex:Main . ex:x a ex:Trunk .';
    expect(await resultsOf(data, `${shape} ex:Main rdfs:subClassOf ex:Pipe .`)).toEqual(missing);
  });

  it('accepts cycles of subclasses', async () => {
    const data =
      'ex:Pipe rdfs:subClassOf ex:Pipe, ex:Tube . ex:Tube rdfs:subClassOf ex:Pipe . ex:x a ex:Tube .';
    expect(await resultsOf(data, shape)).toEqual(missing);
    expect(await resultsOf(`${data} ex:x ex:p ex:x .`, onX('sh:class ex:Pipe'))).toEqual([]);
  });

  it.each(['rdfs:Class', 'owl:Class'])('takes a shape that is also an %s as its own target', async (type) => {
    const shapes = `ex:Pipe a sh:NodeShape, ${type} ; sh:property [ sh:path ex:material ; sh:minCount 1 ] .`;
    expect(await resultsOf('ex:Main rdfs:subClassOf ex:Pipe . ex:x a ex:Main .', shapes)).toEqual(missing);
  });

  it('accepts instances of a subclass for sh:class, and of no other class', async () => {
    const data =
      'ex:Main rdfs:subClassOf ex:Pipe . ex:m a ex:Main . ex:v a ex:Valve . ex:x ex:p ex:m, ex:v .';
    expect(await resultsOf(data, onX('sh:class ex:Pipe'))).toEqual(['ex:x | ex:p | ex:v | Class']);
  });
});

describe('targets', () => {
  it('validates a target node that the data does not mention', async () => {
    expect(await resultsOf('ex:y ex:p 1 .', onX('sh:minCount 1'))).toEqual(['ex:x | ex:p | - | MinCount']);
  });

  it('validates subjects and objects of a property', async () => {
    const shapes = `ex:A sh:targetSubjectsOf ex:feeds ; sh:class ex:Pump . ex:B sh:targetObjectsOf ex:feeds ; sh:class ex:Tank .`;
    const expected = ['ex:a | - | ex:a | Class', 'ex:b | - | ex:b | Class'];
    expect(await resultsOf('ex:a ex:feeds ex:b .', shapes)).toEqual(expected);
  });

  it.each(['true', '"1"^^xsd:boolean'])('ignores a shape that is deactivated by %s', async (yes) => {
    const shapes = `ex:S sh:targetNode ex:x, ex:y ; sh:deactivated ${yes} ; sh:class ex:C . ex:T sh:targetNode ex:y ; sh:nodeKind sh:IRI .
      ex:U sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:maxCount 0 ; sh:deactivated ${yes} ] .`;
    expect(await resultsOf('ex:x ex:p 1 .', shapes)).toEqual([]);
  });

  it('evaluates a shape that is not deactivated', async () => {
    const shapes = 'ex:S sh:targetNode ex:x ; sh:class ex:C ; sh:deactivated "0"^^xsd:boolean .';
    expect(await resultsOf('ex:x ex:p 1 .', shapes)).toHaveLength(1);
  });
});

describe('property paths', () => {
  const chain = 'ex:x ex:a ex:y . ex:y ex:b ex:z . ex:z ex:a ex:x .';
  it.each([
    ['( ex:a ex:b )', 'ex:a / ex:b', 'ex:z'],
    ['[ sh:inversePath ex:a ]', '^ex:a', 'ex:z'],
    ['[ sh:alternativePath ( ex:b ex:a ) ]', 'ex:b | ex:a', 'ex:y'],
    ['[ sh:inversePath ( ex:b ex:a ) ]', '^(ex:b / ex:a)', 'ex:y'],
    ['[ sh:inversePath [ sh:alternativePath ( ex:b ( ex:b ex:a ) ) ] ]', '^(ex:b | (ex:b / ex:a))', 'ex:y'],
    ['( ex:a [ sh:inversePath [ sh:inversePath ex:b ] ] )', 'ex:a / ^^ex:b', 'ex:z'],
  ])('follows %s', async (path, rendered, value) => {
    const shapes = `ex:S sh:targetNode ex:x ; sh:property [ sh:path ${path} ; sh:nodeKind sh:Literal ] .`;
    expect(await resultsOf(chain, shapes)).toEqual([`ex:x | ${rendered} | ${value} | NodeKind`]);
  });

  it.each([
    ['sh:zeroOrMorePath', '*', 3],
    ['sh:oneOrMorePath', '+', 3],
    ['sh:zeroOrOnePath', '?', 2],
  ])('follows %s, also around a cycle', async (kind, mark, count) => {
    const path = `[ ${kind} [ sh:alternativePath ( ex:a ex:b ) ] ]`;
    const shapes = `ex:S sh:targetNode ex:x ; sh:property [ sh:path ${path} ; sh:maxCount ${count - 1} ] .`;
    expect(await resultsOf(chain, shapes)).toEqual([`ex:x | (ex:a | ex:b)${mark} | - | MaxCount`]);
  });

  it('inverts a repeated path', async () => {
    const path = '[ sh:inversePath [ sh:oneOrMorePath ex:up ] ]';
    const shapes = `ex:S sh:targetNode ex:x ; sh:property [ sh:path ${path} ; sh:maxCount 1 ] .`;
    const expected = ['ex:x | ^ex:up+ | - | MaxCount'];
    expect(await resultsOf('ex:a ex:up ex:b . ex:b ex:up ex:x .', shapes)).toEqual(expected);
  });
});

describe('logic', () => {
  it('checks every sh:or separately', async () => {
    const shapes =
      'ex:S sh:targetNode ex:x ; sh:or ( [ sh:class ex:A ] [ sh:class ex:B ] ) , ( [ sh:class ex:C ] [ sh:class ex:D ] ) .';
    expect(await resultsOf('ex:x a ex:A .', shapes)).toEqual(['ex:x | - | ex:x | Or']);
  });

  it('checks every sh:not separately', async () => {
    const shapes = 'ex:S sh:targetNode ex:x ; sh:not [ sh:class ex:A ] , [ sh:class ex:B ] .';
    expect(await resultsOf('ex:x a ex:A .', shapes)).toEqual(['ex:x | - | ex:x | Not']);
  });

  it('checks sh:and for each value, and members by their own path', async () => {
    const shapes = onX(
      'sh:and ( [ sh:class ex:A ] [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] [ sh:path ex:r ; sh:maxCount 0 ] )',
    );
    const data =
      'ex:x ex:p ex:good, ex:bad, ex:worse . ex:good a ex:A ; ex:q 1 . ex:bad a ex:A . ex:worse a ex:A ; ex:q 1 ; ex:r 1 .';
    expect(await resultsOf(data, shapes)).toEqual([
      'ex:x | ex:p | ex:bad | And',
      'ex:x | ex:p | ex:worse | And',
    ]);
  });

  it('requires exactly one member of sh:xone', async () => {
    const shapes = onX('sh:xone ( [ sh:class ex:A ] [ sh:class ex:B ] )');
    const data =
      'ex:x ex:p ex:none, ex:one, ex:both . ex:one a ex:A . ex:both a ex:A, ex:B . ex:none a ex:C .';
    expect(await resultsOf(data, shapes)).toEqual([
      'ex:x | ex:p | ex:both | Xone',
      'ex:x | ex:p | ex:none | Xone',
    ]);
  });

  it('reports a node for every shape it does not conform to', async () => {
    const shapes =
      'ex:A a sh:NodeShape ; sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:minCount 1 ] . ex:B a sh:NodeShape ; sh:targetNode ex:x ; sh:node ex:A .';
    const expected = ['ex:x | - | ex:x | Node', 'ex:x | ex:p | - | MinCount'];
    expect(await resultsOf('ex:x ex:q 1 .', shapes)).toEqual(expected);
  });

  it('checks a node against a shape any number of times', async () => {
    const shapes =
      'ex:S a sh:NodeShape ; sh:targetClass ex:P ; sh:property [ sh:path ex:k ; sh:node ex:H ] . ex:H sh:property [ sh:path ex:n ; sh:minCount 1 ] .';
    const data = Array.from({ length: 120 }, (_, index) => `ex:p${index} a ex:P ; ex:k ex:hub .`).join('\n');
    expect(await resultsOf(data, shapes)).toHaveLength(120);
  });

  it('terminates with recursive shapes over cyclic data and still reports violations', async () => {
    const shapes =
      'ex:S a sh:NodeShape ; sh:targetClass ex:P ; sh:property [ sh:path ex:knows ; sh:node ex:S ] , [ sh:path ex:n ; sh:minCount 1 ] .';
    const data = 'ex:a a ex:P ; ex:knows ex:b ; ex:n 1 . ex:b a ex:P ; ex:knows ex:a .';
    // b lacks n, so b does not conform. a knows b, so a does not conform; b knows a in turn.
    expect(await resultsOf(data, shapes)).toEqual([
      'ex:a | ex:knows | ex:b | Node',
      'ex:b | ex:knows | ex:a | Node',
      'ex:b | ex:n | - | MinCount',
    ]);
    expect(await resultsOf(`${data} ex:b ex:n 2 .`, shapes)).toEqual([]);
  });
});

describe('values', () => {
  it.each([
    [
      'sh:datatype xsd:integer',
      'ex:x ex:p 1, "abc"^^xsd:integer, "1", 1.0 .',
      ['"1"', '"1.0"^^<xsd:decimal>', '"abc"^^<xsd:integer>'],
      'Datatype',
    ],
    [
      'sh:datatype xsd:date',
      'ex:x ex:p "2024-02-29"^^xsd:date, "2023-02-29"^^xsd:date .',
      ['"2023-02-29"^^<xsd:date>'],
      'Datatype',
    ],
    ['sh:in ( ex:a "b" 3 )', 'ex:x ex:p ex:a, "b", 3, "3", "b"@en .', ['"3"', '"b"@en'], 'In'],
    [
      'sh:pattern "^p-[0-9]+$" ; sh:flags "i"',
      'ex:x ex:p "P-1", "p-x", [] .',
      ['"p-x"', '_:c14n0'],
      'Pattern',
    ],
    [
      'sh:pattern "^\\\\w\\\\-[a-z-[b]]$" ; sh:flags "x"',
      'ex:x ex:p "Ä-a", "Ä-b", "_-a" .',
      ['"_-a"', '"Ä-b"'],
      'Pattern',
    ],
    [
      'sh:languageIn ( "en" "de-CH" )',
      'ex:x ex:p "a"@en-GB, "b"@de-ch, "c"@de, "d"@eng, "e" .',
      ['"c"@de', '"d"@eng', '"e"'],
      'LanguageIn',
    ],
    ['sh:maxLength 2', 'ex:x ex:p "ab", "😀😀", "abc" .', ['"abc"'], 'MaxLength'],
    [
      'sh:minInclusive 9007199254740993',
      'ex:x ex:p 9007199254740992, 9007199254740993 .',
      ['"9007199254740992"^^<xsd:integer>'],
      'MinInclusive',
    ],
    [
      'sh:maxExclusive "2024-06-01"^^xsd:date',
      'ex:x ex:p "2024-05-31"^^xsd:date, "2024-06-01"^^xsd:date, 5 .',
      ['"2024-06-01"^^<xsd:date>', '"5"^^<xsd:integer>'],
      'MaxExclusive',
    ],
    [
      'sh:lessThan ex:q',
      'ex:x ex:q 5 ; ex:p 4, 6, "abc"^^xsd:integer, "1" .',
      ['"1"', '"6"^^<xsd:integer>', '"abc"^^<xsd:integer>'],
      'LessThan',
    ],
    ['sh:lessThan ex:q', 'ex:x ex:q "a" ; ex:p "B", "b" .', ['"b"'], 'LessThan'],
    ['sh:nodeKind sh:IRI', 'ex:x ex:p ex:a, [], "c" .', ['"c"', '_:c14n0'], 'NodeKind'],
    ['sh:disjoint ex:q', 'ex:x ex:q 1, 2 ; ex:p 2, 3 .', ['"2"^^<xsd:integer>'], 'Disjoint'],
    [
      'sh:equals ex:q',
      'ex:x ex:q 1, 2 ; ex:p 2, 3 .',
      ['"1"^^<xsd:integer>', '"3"^^<xsd:integer>'],
      'Equals',
    ],
  ])('%s', async (constraint, data, values, component) => {
    expect(await resultsOf(data, onX(constraint))).toEqual(
      values.map((value) => `ex:x | ex:p | ${value} | ${component}`),
    );
  });

  it.each([
    ['sh:hasValue 1, 2', 'ex:x ex:p 1 .', 'HasValue'],
    ['sh:uniqueLang true', 'ex:x ex:p "a"@en, "b"@EN .', 'UniqueLang'],
    [
      'sh:qualifiedValueShape [ sh:class ex:A ] ; sh:qualifiedMinCount 2',
      'ex:x ex:p ex:a, ex:b . ex:a a ex:A .',
      'QualifiedMinCount',
    ],
    [
      'sh:qualifiedValueShape [ sh:class ex:A ] ; sh:qualifiedMaxCount 0',
      'ex:x ex:p ex:a, ex:b . ex:a a ex:A .',
      'QualifiedMaxCount',
    ],
  ])('%s, for all values together', async (constraint, data, component) => {
    expect(await resultsOf(data, onX(constraint))).toEqual([`ex:x | ex:p | - | ${component}`]);
  });

  it('names the property that a closed shape does not allow', async () => {
    const shapes =
      'ex:S sh:targetNode ex:x ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:p ] , [ sh:path ( ex:q ex:r ) ] .';
    const data = 'ex:x a ex:C ; ex:p 1 ; ex:q ex:y .';
    expect(await resultsOf(data, shapes)).toEqual(['ex:x | ex:q | ex:y | Closed']);
  });
});

describe('a violation', () => {
  it('has shape, severity and message', async () => {
    const shapes = `ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:property
      [ sh:path ex:p ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message "Bitte angeben"@de, "Please give one"@en ] ,
      [ sh:path ex:q ; sh:maxCount 1 ; sh:message "At most {$maxCount}" ] ,
      [ sh:path ex:q ; sh:in ( 1 2 ) ; sh:message "Not {?value}" ; sh:severity ex:Grave ] .`;
    const { violations } = await validate({ spec: [turtle('ex:x ex:q 1, 3 .')], shapes: [turtle(shapes)] });
    expect(violations.map(({ shape, severity, message }) => [shape, severity, message])).toEqual([
      [ex('S'), 'Warning', 'Please give one'],
      [ex('S'), 'http://example.org/Grave', 'Not "3"^^<http://www.w3.org/2001/XMLSchema#integer>'],
      [ex('S'), 'Violation', 'At most 1'],
    ]);
  });

  it('gets a message made from the constraint when the shape has none', async () => {
    const shapes = `ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:in ( ex:a "b" ) ] ;
      sh:or ( ex:T [ sh:class ex:D ; sh:name "a D" ] [ sh:class ex:E ] ) . ex:T a sh:NodeShape ; sh:class ex:C .`;
    const { violations } = await validate({ spec: [turtle('ex:x ex:p 1 .')], shapes: [turtle(shapes)] });
    expect(violations.map(({ message }) => message)).toEqual([
      `Conforms to none of ${ex('T')}, "a D", a shape without a name`,
      `Is not one of ${ex('a')}, b`,
    ]);
  });
});
