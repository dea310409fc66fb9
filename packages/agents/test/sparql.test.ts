/** SHACL-SPARQL beyond the W3C's test suite. */
import type { Term } from '@rdfjs/types';
import * as n3 from 'n3';
import { describe, expect, it } from 'vitest';
import { type ValidationFindings, type ValidationOutcome, validate } from '../src/index.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { parseRdf } from '../src/rdf/parse.ts';
import { TripleGraph } from '../src/rdf/triple-graph.ts';
import { readSparqlParts } from '../src/shacl/sparql-parts.ts';
import { SparqlEvaluation } from '../src/shacl/sparql-evaluation.ts';
import { loadOxigraph } from '../src/sparql/oxigraph.ts';
import { QueryGraph } from '../src/sparql/query-graph.ts';
import { QueryText } from '../src/sparql/query-text.ts';
import { ex, turtle } from './documents.ts';

const DECLARED = `ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .`;

async function outcomeOf(body: string): Promise<ValidationOutcome> {
  return validate({ spec: [turtle(`${DECLARED}\n${body}`)] });
}

async function findingsOf(body: string): Promise<ValidationFindings> {
  const { findings, error } = await outcomeOf(body);
  expect(error).toBe(null);
  return findings;
}

/** Writes a `sh:sparql` constraint. */
function sparql(query: string, more = ''): string {
  return `sh:sparql [ sh:prefixes ex:prefixes ; ${more} sh:select """${query}""" ]`;
}

describe('sh:sparql', () => {
  it('reports value, path, message and constraint of each solution', async () => {
    const { violations, conforms } = await findingsOf(
      `ex:S sh:targetNode ex:x ; sh:severity sh:Warning ; sh:sparql ex:Constraint .
       ex:Constraint sh:prefixes ex:prefixes ; sh:message "{$this} has {?value}, not {?other} {?none}" ;
         sh:select "SELECT $this (ex:p AS ?path) ?value (1 + 1 AS ?other) { $this ex:p ?value }" .
       ex:x ex:p "a"@en-GB, 2 .`,
    );
    expect(conforms).toBe(false);
    expect(violations).toEqual(
      [
        ['"2"^^<http://www.w3.org/2001/XMLSchema#integer>', '2'],
        ['"a"@en-gb', 'a'],
      ].map(([value, text]) => ({
        focus_node: ex('x'),
        path: ex('p'),
        value,
        shape: ex('S'),
        source_shape: ex('S'),
        source_constraint_component: 'SPARQLConstraintComponent',
        source_constraint: ex('Constraint'),
        severity: 'Warning',
        message: `${ex('x')} has ${text}, not 2 {?none}`,
      })),
    );
  });

  it('takes the message of the row, the constraint, the shape, or its own', async () => {
    const shape = (message: string, query: string, more: string): string =>
      `[] sh:targetNode ex:x ; ${message} ${sparql(query, more)} .`;
    const all = 'SELECT $this { $this ex:p ?o }';
    const { violations } = await findingsOf(
      `ex:x ex:p 1 .
       ${shape('sh:message "shape" ;', 'SELECT $this ("row" AS ?message) { $this ex:p ?o }', 'sh:message "constraint" ;')}
       ${shape('sh:message "shape" ;', all, 'sh:message "constraint" ;')}
       ${shape('sh:message "shape" ;', all, '')}
       ${shape('', all, '')}`,
    );
    expect(new Set(violations.map(({ message }) => message))).toEqual(
      new Set(['row', 'constraint', 'shape', 'Does not satisfy a SPARQL constraint']),
    );
  });

  it('binds blank nodes and literals, in every group of a query', async () => {
    const query = `SELECT $this ?value {
      { FILTER bound($this) } { SELECT $this ?value { $this ex:p ?value } }
      OPTIONAL { FILTER (bound($this)) BIND ($this AS ?same) } FILTER (?same = $this)
      FILTER EXISTS { $this ex:p ?any FILTER (?any = ?value) } # the end
    }`;
    const { violations, findings_hash } = await findingsOf(
      `ex:S sh:targetSubjectsOf ex:p ; ${sparql(query)} . [] ex:p [ ex:q 1 ] , "x" .
       ex:T sh:targetNode "lit"@en ; ${sparql('SELECT $this { FILTER (lang($this) = \\"en\\") }')} .`,
    );
    expect(violations.map(({ focus_node, value }) => [focus_node, value])).toEqual([
      ['"lit"@en', '"lit"@en'],
      [expect.stringMatching(/^_:c14n\d$/), '"x"'],
      [expect.stringMatching(/^_:c14n\d$/), expect.stringMatching(/^_:c14n\d$/)],
    ]);
    expect(findings_hash).not.toBe(null);
  });

  it('puts paths of any kind in the place of $PATH', async () => {
    const { violations } = await findingsOf(
      `ex:S sh:targetNode ex:x ; sh:property [ sh:path ( [ sh:inversePath ex:p ] [ sh:zeroOrMorePath ex:q ] ) ;
         ${sparql('SELECT $this ?value { $this $PATH ?value FILTER (?value != ex:z) }', 'sh:message "over {$PATH}" ;')} ] .
       ex:y ex:p ex:x ; ex:q ex:z .`,
    );
    expect(violations).toMatchObject([{ value: ex('y'), path: `^${ex('p')} / ${ex('q')}*` }]);
    expect(violations[0]?.message).toBe(`over ^${ex('p')} / ${ex('q')}*`);
    // Without ?value, a result of a property shape has none.
    const without = await findingsOf(
      `ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; ${sparql('SELECT $this { $this $PATH 1 }')} ] . ex:x ex:p 1 .`,
    );
    expect(without.violations).toMatchObject([{ value: null, path: ex('p') }]);
  });

  it('reads the shapes graph, with a current shape that is a blank node', async () => {
    const query =
      'SELECT $this ?value { GRAPH $shapesGraph { $currentShape ex:max ?value } $this ex:p ?p FILTER (?p > ?value) }';
    const shapes = turtle(
      `${DECLARED} ex:S sh:targetNode ex:x ; sh:node [ ex:max 3 ; ${sparql(query)} ] .
       [] sh:targetNode ex:x ; ex:max 4 ; ${sparql(query)} .`,
      'shapes.ttl',
    );
    const { findings } = await validate({ spec: [turtle('ex:x ex:p 5 .')], shapes: [shapes] });
    expect(
      findings.violations.map(({ value, source_constraint_component: component }) => [value, component]),
    ).toEqual([
      [ex('x'), 'NodeConstraintComponent'],
      ['"4"^^<http://www.w3.org/2001/XMLSchema#integer>', 'SPARQLConstraintComponent'],
    ]);
  });

  it('counts under a negation, and not when it is deactivated', async () => {
    const constraint = sparql('SELECT $this { $this ex:p 1 }');
    const { violations } = await findingsOf(
      `ex:S sh:targetNode ex:x, ex:y ; sh:not [ ${constraint} ] . ex:x ex:p 1 .
       ex:T sh:targetNode ex:x ; ${sparql('SELECT $this { $this ex:p 1 }', 'sh:deactivated true ;')} .`,
    );
    expect(violations).toMatchObject([
      { focus_node: ex('y'), source_constraint_component: 'NotConstraintComponent' },
    ]);
  });

  it.each([
    ['SELECT ?x { ?x ex:p 1 }', /it does not return \$this/],
    ['SELECT $this { ?x ex:p 1', /its query is not SPARQL/],
    ['SELECT $this { ?x unknown:p 1 }', /its query is not SPARQL/],
    ['ASK { $this ex:p 1 }', /is no SELECT query/],
    ['SELECT $this { { SELECT * { FILTER ($this = 1) } } }', /a sub-query does not return \$this/],
    [
      'SELECT $this { { SELECT * { FILTER EXISTS { $this ex:p 1 } } } }',
      /a sub-query does not return \$this/,
    ],
    ['SELECT $this { $this ex:p ?o } VALUES ?o { 1 }', /it contains VALUES/],
    ['SELECT $this { $this $PATH ?o }', /uses \$PATH, but the shape has no sh:path/],
    ['SELECT (1 AS $this) {}', /assigns a value to \$this/],
  ])('refuses the ill-formed %s', async (query, problem) => {
    const { error } = await outcomeOf(`ex:x ex:p 1 . ex:S sh:targetNode ex:x ; ${sparql(query)} .`);
    expect(error).toMatchObject({ code: 'INVALID_SHAPES', message: expect.stringMatching(problem) });
    expect(error?.message).toMatch(/A shape in <http:\/\/example.org\/S>: sh:sparql/);
    expect(error?.location).toMatchObject({ line: 3 });
  });

  it.each([
    ['SELECT $this { $this ex:p : .MINUS { $this ex:q 1 } }', /it contains MINUS/],
    ['SELECT $this { $this ex:p :.MINUS { $this ex:q 1 } }', /it contains MINUS/],
    ['SELECT $this { $this ex:p ex:.SERVICE <a:a> { $this ex:q 1 } }', /it contains SERVICE/],
    ['SELECT $this { $this ex:p 1e5MINUS { $this ex:q 1 } }', /it contains MINUS/],
    ['SELECT $this { $this ex:p true MINUS { $this ex:q 1 } }', /it contains MINUS/],
    ['SELECT $this { $this ex:p trueMINUS { $this ex:q 1 } }', /it contains MINUS/],
    ['SELECT $this { SERVICESILENT <a:a> { $this ex:q 1 } }', /it contains SERVICE/],
    ['SELECT $this { SERVICEex:a { $this ex:q 1 } }', /it contains SERVICE/],
    ['SELECT $this { $this ex:p 1 } } UNION { SELECT $this { }', /closes a brace that it did not open/],
    ['SELECT $this { $this ex:p 1 } } } #', /closes a brace that it did not open/],
  ])('refuses what hides words or ends its group: %s', async (query, problem) => {
    const { error } = await outcomeOf(
      `ex:prefixes sh:declare [ sh:prefix "" ; sh:namespace "http://e/"^^xsd:anyURI ] .
       ex:x ex:p 1 . ex:S sh:targetNode ex:x ; ${sparql(query)} .`,
    );
    expect(error).toMatchObject({ code: 'INVALID_SHAPES', message: expect.stringMatching(problem) });
  });

  it.each(['GRAPHex:g { $this ex:q 1 }', 'GRAPH$shapesGraph { } GRAPHex:g {}'])(
    'names a graph without a space before it: %s',
    async (pattern) => {
      const { not_evaluated } = await findingsOf(
        `ex:S sh:targetNode ex:x ; ${sparql(`SELECT $this { ${pattern} }`)} .`,
      );
      expect(not_evaluated).toEqual([expect.stringContaining('reads a graph other than $shapesGraph')]);
    },
  );

  it.each(['FROMex:g', 'FROM NAMED<a:a>', 'FROMNAMED<a:a>'])('names %s', async (dataset) => {
    const { not_evaluated } = await findingsOf(
      `ex:S sh:targetNode ex:x ; ${sparql(`SELECT $this (ex:f(1) AS ?x) ${dataset} { $this ex:q 1 }`)} .`,
    );
    expect(not_evaluated).toEqual([expect.stringContaining('it names its own graphs by FROM')]);
  });

  it.each([
    ['e> <', 'http://example.org/'],
    ['ex.', 'http://example.org/'],
    ['ex', 'http://example.org/> SELECT * {} #'],
    ['ex', 'a b'],
  ])('refuses the prefix %s: <%s>', async (prefix, namespace) => {
    const { error } = await outcomeOf(
      `ex:own sh:declare [ sh:prefix "${prefix}" ; sh:namespace "${namespace}" ] .
       ex:S sh:targetNode ex:x ; sh:sparql [ sh:prefixes ex:own ; sh:select "SELECT $this { }" ] .`,
    );
    expect(error?.message).toMatch(/its prefix ".*" or the namespace of that is not one of SPARQL/);
  });

  it('refuses prefixes with two namespaces', async () => {
    const { error } = await outcomeOf(
      `ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "http://other/"^^xsd:anyURI ] .
       ex:S sh:targetNode ex:x ; ${sparql('SELECT $this { $this ex:p 1 }')} .`,
    );
    expect(error?.message).toMatch(/its prefix "ex" is declared with two namespaces/);
  });

  it.each([
    [
      'SELECT $this { $this ex:p ?o FILTER (ex:f(?o)) }',
      /custom function <http:\/\/example.org\/f> is not supported/,
    ],
    ['SELECT $this { GRAPH ?g { $this ex:p ?o } }', /reads a graph other than \$shapesGraph/],
    ['SELECT $this FROM <a:a> { $this ex:p ?o }', /names its own graphs by FROM/],
    [String.raw`SEL\\u0045CT $this { $this ex:p ?o }`, undefined],
  ])('names %s, which it cannot evaluate, and evaluates the rest', async (query, reason) => {
    const body = `ex:S sh:targetNode ex:x ; sh:nodeKind sh:Literal ; ${sparql(query)} ; sh:not [ ${sparql(query)} ] . ex:x ex:p 1 .`;
    if (reason === undefined) {
      expect((await outcomeOf(body)).error).toMatchObject({ code: 'INVALID_SHAPES' });
      return;
    }
    const findings = await findingsOf(body);
    expect(findings.violations).toMatchObject([
      { source_constraint_component: 'NodeKindConstraintComponent' },
    ]);
    expect(findings.not_evaluated).toEqual([
      `sh:not in ${ex('S')}: it depends on what is not evaluated`,
      expect.stringMatching(reason),
    ]);
  });

  it('fails where a query says so, or returns too much', async () => {
    const failure = await outcomeOf(
      `ex:S sh:targetNode ex:x ; ${sparql('SELECT $this ?failure { BIND (true AS ?failure) }')} .`,
    );
    expect(failure.error).toMatchObject({
      code: 'INVALID_SHAPES',
      message: expect.stringMatching(/reports a failure/),
    });
    const document = openInput(
      measureInput(
        turtle(`ex:S sh:target [ sh:select "SELECT ?this { ?this a ?type }" ] ; sh:nodeKind sh:IRI .
        ex:a a ex:T . ex:b a ex:T . ex:c a ex:T .`),
      ),
    );
    const graph = new TripleGraph(n3, (await parseRdf(document)).quads);
    const parts = await readSparqlParts(graph);
    const nodesWith = async (maxRows: number, maxTotalRows?: number): Promise<readonly Term[]> => {
      const queries = new QueryGraph(await loadOxigraph(), n3, maxRows, maxTotalRows);
      queries.add(graph);
      const context = {
        shapes: graph,
        graph: queries,
        dataLabels: new Map<string, string>(),
        shapesLabels: new Map<string, string>(),
      };
      return new SparqlEvaluation(parts, context).targetNodes(graph.iri('http://example.org/S'));
    };
    expect(await nodesWith(3)).toHaveLength(3);
    await expect(nodesWith(2)).rejects.toThrow(/returns more than 2 rows/);
    expect(await nodesWith(3, 3)).toHaveLength(3);
    await expect(nodesWith(3, 2)).rejects.toThrow(/return more than 2 rows in all/);
  });

  it('is not loaded for shapes without a query', async () => {
    const load = async (body: string): Promise<unknown> => {
      const { quads } = await parseRdf(openInput(measureInput(turtle(body))));
      return (await readSparqlParts(new TripleGraph(n3, quads))).hasQueries;
    };
    expect(await load('ex:S sh:targetNode ex:x ; sh:nodeKind sh:IRI .')).toBe(false);
    expect(await load(`${COMPONENT} ex:x ex:other 1 .`)).toBe(false);
    expect(await load(`${COMPONENT} ex:x ex:max 1 .`)).toBe(true);
  });
});

const COMPONENT = `ex:MaxComponent a sh:ConstraintComponent ; sh:message "component" ;
  sh:parameter [ sh:path ex:max ] , [ sh:path ex:strict ; sh:optional true ] ;
  sh:nodeValidator [ sh:select "SELECT $this { FILTER ($this > $max || (bound($strict) && $strict && $this = $max)) }" ] ;
  sh:propertyValidator [ sh:message "{?value} > {$max}" ;
    sh:select "SELECT $this ?value { $this $PATH ?value FILTER (?value > $max || (bound($strict) && $strict && ?value = $max)) }" ] .`;

describe('constraint components', () => {
  it('take the validator of the kind of shape, with each of their parameters', async () => {
    const { violations } = await findingsOf(
      `${COMPONENT} ex:S sh:targetNode 4, 5 ; ex:max 4 .
       ex:T sh:targetNode ex:x ; sh:property ex:P, ex:Q . ex:x ex:p 4, 5 .
       ex:P sh:path ex:p ; ex:max 4 ; ex:strict true . ex:Q sh:path ex:p ; ex:max 4 ; sh:message "own {$max}" .`,
    );
    expect(
      violations.map(({ source_shape, value, message }) => [source_shape, value?.at(1), message]),
    ).toEqual([
      [ex('S'), '5', 'component'],
      [ex('P'), '4', '4 > 4'],
      [ex('P'), '5', '5 > 4'],
      [ex('Q'), '5', 'own 4'],
    ]);
    expect(violations[0]).toMatchObject({ source_constraint_component: 'http://example.org/MaxComponent' });
    expect(violations[0]).not.toHaveProperty('source_constraint');
  });

  it('check each value node by an ASK', async () => {
    const { violations } = await findingsOf(
      `ex:Component sh:parameter [ sh:path ex:start ] ;
         sh:validator [ sh:ask "ASK { FILTER (strStarts(str($value), $start)) }" ; sh:message "{$value} not {$start}" ] .
       ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; ex:start "a", "ab" ] . ex:x ex:p "abc", "acb", "b" .`,
    );
    expect(violations.map(({ message }) => message)).toEqual(['acb not ab', 'b not a', 'b not ab']);
  });

  it('of SHACL itself and of other languages are left out', async () => {
    const { violations, not_evaluated } = await findingsOf(
      `sh:MinLengthConstraintComponent sh:parameter [ sh:path sh:minLength ] ; sh:validator [ sh:ask "not SPARQL" ] .
       ex:Component sh:parameter [ sh:path ex:js ] ; sh:validator [ ex:code "" ] .
       ex:S sh:targetNode "x" ; sh:minLength 2 ; ex:js 1 .`,
    );
    expect(violations).toMatchObject([{ source_constraint_component: 'MinLengthConstraintComponent' }]);
    expect(not_evaluated).toEqual([
      `${ex('Component')} in ${ex('S')}: it has no SPARQL validator for this kind of shape`,
    ]);
  });

  it.each([
    ['sh:minCount', 'sh:minCount', 'SHACL'],
    ['<http://datashapes.org/dash#singleLine>', 'dash:singleLine', 'DASH'],
  ])('leave %s to its own component, whatever they declare', async (path, name, owner) => {
    const component = (parameters: string): string =>
      `ex:C a sh:ConstraintComponent ; sh:parameter ${parameters} ; sh:validator [ sh:ask "ASK { FILTER (true) }" ] .
       ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; ex:lim 1 ] .
       ex:T sh:targetNode ex:x ; sh:property [ sh:path ex:missing ; sh:minCount 1 ] .
       ex:U sh:targetNode "a\\nb" ; <http://datashapes.org/dash#singleLine> true .`;
    for (const parameters of [
      `[ sh:path ex:lim ] , [ sh:path ${path} ; sh:optional true ]`,
      `[ sh:path ${path} ]`,
      `[ sh:path ${path} ; sh:optional true ]`,
    ]) {
      const { violations, not_evaluated, conforms } = await findingsOf(component(parameters));
      expect(violations.map(({ source_constraint_component: each }) => each)).toEqual([
        'http://datashapes.org/dash#SingleLineConstraintComponent',
        'MinCountConstraintComponent',
      ]);
      expect(not_evaluated).toEqual([
        expect.stringContaining(`its parameter ${name} is one of ${owner} itself`),
      ]);
      expect(conforms).toBe(false);
    }
  });

  it('with optional parameters alone are named', async () => {
    const { not_evaluated, conforms } = await findingsOf(
      `ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:a ; sh:optional true ] , [ sh:path ex:b ; sh:optional true ] ;
         sh:validator [ sh:ask "ASK { FILTER (false) }" ] .
       ex:S sh:targetNode ex:x ; sh:nodeKind sh:IRI ; ex:b 1 .`,
    );
    expect(not_evaluated).toEqual([`${ex('C')} in ${ex('S')}: all of its parameters are optional`]);
    expect(conforms).toBe(null);
  });
});

describe('SPARQL targets', () => {
  it('select focus nodes, by a query or by a type with parameters', async () => {
    const { violations, counts } = await findingsOf(
      `ex:S sh:target [ a sh:SPARQLTarget ; sh:prefixes ex:prefixes ;
         sh:select "SELECT ?this { ?this ex:age ?age MINUS { ?this a ex:Robot } VALUES ?age { 7 8 } }" ] ; sh:nodeKind sh:Literal .
       ex:BornIn a sh:SPARQLTargetType ; sh:parameter [ sh:path ex:country ] ; sh:prefixes ex:prefixes ;
         sh:select "SELECT ?this { ?this ex:born $country }" .
       ex:T sh:target [ a ex:BornIn ; ex:country ex:Peru ] ; sh:nodeKind sh:Literal .
       ex:a ex:age 7 . ex:b ex:age 8 ; a ex:Robot . ex:c ex:age 9 ; ex:born ex:Peru . ex:d ex:born ex:Chad .`,
    );
    expect(violations.map(({ focus_node, shape }) => [focus_node, shape])).toEqual([
      [ex('a'), ex('S')],
      [ex('c'), ex('T')],
    ]);
    expect(counts).toMatchObject({ shapes_with_target: 2, focus_nodes: 2 });
  });

  it('have no shapes graph', async () => {
    const { not_evaluated, conforms } = await findingsOf(
      `ex:S sh:target [ sh:select "SELECT ?this { GRAPH ?shapesGraph { ?this a ?type } }" ] ; sh:nodeKind sh:IRI .`,
    );
    expect(conforms).toBe(null);
    expect(not_evaluated).toEqual([
      expect.stringContaining('its query cannot be evaluated: it reads a graph other than the data graph'),
    ]);
  });

  it('without a query are named', async () => {
    const { not_evaluated, conforms } = await findingsOf(
      'ex:S sh:target [ a ex:Other ] ; sh:targetNode ex:x ; sh:nodeKind sh:IRI .',
    );
    expect(conforms).toBe(null);
    expect(not_evaluated).toEqual([`sh:target in ${ex('S')}: it has no SPARQL query`]);
  });
});

describe('the words of a query', () => {
  it.each([
    'SELECT $this { $this a:minus "MINUS", \'VALUES\', """SERVICE "" VALUES""" }',
    'SELECT $this { <http://a/#MINUS> ?values ?minus } # VALUES { 1 }',
    'PREFIX minus: <a:> SELECT $this { ?x minus:values ?service . ?y a "x"@en-values }',
    'BASE <a:SERVICE> SELECT $this { { SELECT * { ?x ?y ( 1 ) . ?z ?zz $this } } FILTER (1 < 2 && 3 > 2) }',
    'SELECT * { ?x ?y ?z }',
    'PREFIX graph: <a:> SELECT $this { ?x graph:from graph:service.a . ?y ?z _:a.b, a:b%2dc, a:\\-, a:1.5 . }',
  ])('%s', (query) => {
    expect(new QueryText(query).problem({ required: ['this'], optional: ['shapesGraph'] })).toBe(undefined);
    expect(new QueryText(query).form).toBe('SELECT');
  });
});
