import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { baseIriOf } from '../src/rdf/parse.ts';
import { validate } from '../src/index.ts';
import { casesOf, foundLine } from './w3c-suite.ts';

const cases = await casesOf('w3c-shacl-core/manifest.ttl');

describe('the W3C SHACL Core test suite', () => {
  it('is complete', () => {
    expect(cases.length).toBeGreaterThan(95);
    expect(baseIriOf('b.ttl')).toContain('/b.ttl');
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_name, each) => {
    const data = { name: basename(each.data), content: readFileSync(each.data) };
    const shapes = { name: basename(each.shapes), content: readFileSync(each.shapes) };
    const outcome = await validate({
      spec: [data],
      ...(each.shapes === each.data ? {} : { shapes: [shapes] }),
    });
    expect(outcome.error).toBeNull();
    expect(outcome.violations.map(foundLine).toSorted()).toEqual(each.results);
    expect(outcome.violations.length === 0).toBe(each.conforms);
  });
});
