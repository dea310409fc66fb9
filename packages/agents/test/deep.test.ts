/** Data and shapes that are long or deep. */
import { describe, expect, it } from 'vitest';
import { validate } from '../src/index.ts';
import { ex, turtle } from './documents.ts';

const names = (count: number, letter = 'n'): string[] =>
  Array.from({ length: count }, (_, index) => `ex:${letter}${index}`);

describe('validation evaluates', () => {
  it('a list of 2,500 members', async () => {
    const spec = turtle(
      `ex:S sh:targetNode ex:n0, ex:other ; sh:in ( ${names(2500).join(' ')} ) .
       ex:T sh:targetNode ex:L ; sh:property [ sh:path ( ex:list [ sh:zeroOrMorePath rdf:rest ] rdf:first ) ; sh:minCount 2501 ] .
       ex:L ex:list ( ${names(2500, 'm').join(' ')} ) .`,
    );
    const { findings, error } = await validate({ spec: [spec] });
    expect(error).toBe(null);
    expect(findings.violations.map(({ focus_node }) => focus_node)).toEqual([ex('L'), ex('other')]);
  });

  it('blank nodes that hold a list of 2,500 members', async () => {
    const spec = turtle(
      `ex:S sh:targetObjectsOf ex:list ; sh:nodeKind sh:IRI . ex:L ex:list ( ${names(2500).join(' ')} ) .`,
    );
    const { findings, error } = await validate({ spec: [spec] });
    expect(error).toBe(null);
    expect(findings.violations).toHaveLength(1);
  });

  it('a path of 8,000 steps', async () => {
    const chain = names(8001).map((name, index) => `${name} ex:k ex:n${index + 1} .`);
    const spec = turtle(
      `ex:S sh:targetNode ex:n0 ; sh:property [ sh:path [ sh:oneOrMorePath ex:k ] ; sh:maxCount 8000 ] . ${chain.join('\n')}`,
    );
    const { findings, error } = await validate({ spec: [spec] });
    expect(error).toBe(null);
    expect(findings.violations).toMatchObject([
      { source_constraint_component: 'MaxCountConstraintComponent' },
    ]);
  });

  it('shapes that contain themselves, over data in a circle', async () => {
    const spec = turtle(
      `ex:S sh:targetNode ex:n0 ; sh:property [ sh:path ex:next ; sh:node ex:S ] ; sh:nodeKind sh:IRI .
       ${names(200)
         .map((name, index) => `${name} ex:next ex:n${(index + 1) % 200} .`)
         .join('\n')}`,
    );
    expect((await validate({ spec: [spec] })).findings).toMatchObject({ status: 'success', error: null });
    const bad = turtle('ex:n150 ex:next "no IRI" .', 'bad.ttl');
    expect((await validate({ spec: [spec, bad] })).findings.violations).toMatchObject([
      { focus_node: ex('n0') },
    ]);
  });

  it('shapes that are 1,500 checks deep', async () => {
    const chain = names(1500).map((name, index) => `${name} ex:next ex:n${index + 1} .`);
    const shape =
      'ex:S sh:targetNode ex:n0 ; sh:property [ sh:path ex:next ; sh:node ex:S ] ; sh:not [ sh:hasValue ex:n1500 ] .';
    const { findings, error } = await validate({ spec: [turtle(`${shape} ${chain.join('\n')}`)] });
    expect(error).toBe(null);
    expect(findings.violations).toHaveLength(1);
    const conforming = shape.replace('ex:n1500 ]', 'ex:n1501 ]');
    expect((await validate({ spec: [turtle(`${conforming} ${chain.join('\n')}`)] })).findings.conforms).toBe(
      true,
    );
  });
});
