/** Parts of the shapes that cannot be evaluated do not hide the rest. */
import { describe, expect, it } from 'vitest';
import { type ValidationFindings, validate } from '../src/index.ts';
import { ex, turtle } from './documents.ts';

async function findingsOf(body: string): Promise<ValidationFindings> {
  const { findings, error } = await validate({ spec: [turtle(body)] });
  expect(error).toBe(null);
  return findings;
}

describe('a pattern that is not one of XPath', () => {
  it('is named, and the other constraints are evaluated', async () => {
    const findings = await findingsOf(
      `ex:a a ex:T ; ex:query "ask { ?s ?p ?o }" . ex:b a ex:T .
       ex:S a sh:NodeShape ; sh:targetClass ex:T ;
         sh:property [ sh:path ex:query ; sh:minCount 1 ; sh:pattern "(?i)^\\\\s*ASK" ] .`,
    );
    expect(findings).toMatchObject({
      conforms: false,
      violations: [{ focus_node: ex('b'), source_constraint_component: 'MinCountConstraintComponent' }],
    });
    expect(findings.not_evaluated).toEqual([
      expect.stringMatching(/^sh:pattern in <\S+S>: "\(\?i\)\S+ASK" is not a regular expression of XPath/),
    ]);
  });

  it.each([
    ['"a(?=b)"', /"a\(\?=b\)" is not .* XPath: .*look-ahead/],
    ['"a" ; sh:flags "g"', /no flag "g"/],
    ['"("', /"\(" is not/],
  ])('as %s leaves the run partial', async (pattern, problem) => {
    const findings = await findingsOf(
      `ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:pattern ${pattern} ] . ex:x ex:p "a" .`,
    );
    expect(findings).toMatchObject({ status: 'partial', conforms: null });
    expect(findings.not_evaluated[0]).toMatch(problem);
  });
});

describe('a negation of what is not evaluated', () => {
  const sparql = 'sh:rule [ sh:order 1 ]';
  it.each([
    ['sh:not [ sh:pattern "(" ]', 'sh:not'],
    [`sh:not [ ${sparql} ]`, 'sh:not'],
    ['sh:not [ sh:property [ sh:path ex:p ; sh:node [ sh:pattern "(" ] ] ]', 'sh:not'],
    ['sh:xone ( [ sh:pattern "(" ] [ sh:nodeKind sh:IRI ] )', 'sh:xone'],
    [
      'sh:property [ sh:path ex:p ; sh:qualifiedMaxCount 0 ; sh:qualifiedValueShape [ sh:pattern "(" ] ]',
      'sh:qualifiedMaxCount',
    ],
  ])('%s reports no violation', async (constraint, name) => {
    const findings = await findingsOf(`ex:S sh:targetNode ex:x ; ${constraint} . ex:x ex:p "a" .`);
    expect(findings).toMatchObject({ status: 'partial', violations: [] });
    expect(findings.not_evaluated).toContain(`${name} in ${ex('S')}: it depends on what is not evaluated`);
  });

  it('leaves other negations alone', async () => {
    const findings = await findingsOf(
      'ex:S sh:targetNode ex:x ; sh:pattern "(" ; sh:not [ sh:nodeKind sh:IRI ] .',
    );
    expect(findings.violations).toMatchObject([{ source_constraint_component: 'NotConstraintComponent' }]);
  });
});

describe('constraints of DASH', () => {
  const dash = '@prefix dash: <http://datashapes.org/dash#> .';
  it('dash:singleLine allows no line break', async () => {
    const shape = `${dash} ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:label ; dash:singleLine true ] .`;
    const findings = await findingsOf(`${shape} ex:a ex:label "one\\ntwo", "one\\rtwo", "one two", [] .`);
    expect(findings.violations.map(({ value }) => value)).toEqual(['"one\\ntwo"', '"one\\rtwo"']);
    expect(findings.violations[0]).toMatchObject({
      source_constraint_component: 'http://datashapes.org/dash#SingleLineConstraintComponent',
      message: 'Contains a line break',
    });
    const off = shape.replace('true', 'false');
    expect((await findingsOf(`${off} ex:a ex:label "one\\ntwo" .`)).conforms).toBe(true);
  });

  it('that are not evaluated are named', async () => {
    const findings = await findingsOf(
      `${dash} ex:S sh:targetNode ex:a ; sh:nodeKind sh:IRI ; dash:stem "http://example.com/" .`,
    );
    expect(findings).toMatchObject({ status: 'partial', not_evaluated: ['dash:stem'] });
  });
});

it('sh:equals on a node shape reports the term that is missing on either side', async () => {
  const findings = await findingsOf('ex:n ex:other ex:m . ex:S sh:targetNode ex:n ; sh:equals ex:other .');
  expect(findings.violations.map(({ value }) => value)).toEqual([ex('m'), ex('n')]);
  const equal = await findingsOf('ex:n ex:other ex:n . ex:S sh:targetNode ex:n ; sh:equals ex:other .');
  expect(equal.conforms).toBe(true);
});

it('a sh:node chain of 3,000 nodes is no circle', async () => {
  const chain = Array.from({ length: 3000 }, (_, index) => `ex:n${index} ex:next ex:n${index + 1} .`);
  const findings = await findingsOf(
    `ex:S sh:targetNode ex:n0 ; sh:property [ sh:path ex:next ; sh:node ex:S ] ; sh:not [ sh:hasValue ex:n3000 ] .
     ${chain.join('\n')}`,
  );
  expect(findings.counts?.results).toBe(1);
});
