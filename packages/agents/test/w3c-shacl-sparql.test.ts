import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validate } from '../src/index.ts';
import { casesOf, foundLine } from './w3c-suite.ts';

const cases = [
  ...(await casesOf('w3c-shacl-sparql/manifest.ttl')),
  // The manifest of its folder does not include it.
  ...(await casesOf('w3c-shacl-sparql/component/nodeValidator-001.ttl')),
];

describe('the W3C SHACL-SPARQL test suite', () => {
  it('is complete', () => {
    expect(cases).toHaveLength(23);
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_name, each) => {
    expect(each.shapes).toBe(each.data);
    const { error, findings, violations } = await validate({
      spec: [{ name: basename(each.data), content: readFileSync(each.data) }],
    });
    if (each.isFailure) {
      expect(error).toMatchObject({ code: 'INVALID_SHAPES', location: { name: basename(each.data) } });
      return;
    }
    expect(error).toBeNull();
    expect(violations.map(foundLine).toSorted()).toEqual(each.results);
    // What the documents import is not given, and some of them import prefixes.
    expect(findings.not_evaluated.filter((part) => !part.startsWith('owl:imports '))).toEqual([]);
  });
});
