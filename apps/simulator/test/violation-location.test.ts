/** The line of a violation. */
import { expect, it } from 'vitest';
import { placeOf } from '../src/run/violation-location.ts';

const PREFIXES = new Map([['ex', 'https://example.org/']]);
const CONTENT = `@prefix ex: <https://example.org/> .
# ex:pump is described below.
ex:pump-2 ex:feeds ex:pump .
ex:pump a ex:Pump ;
  ex:flowRate 3 ;
  ex:flow 4 .
<https://example.org/tank> ex:flow 7 .
`;
const documents = [
  { id: 'shapes', content: 'ex:Shape a ex:Thing .' },
  { id: 'data', content: CONTENT },
];
const find = (focus_node: string, path: string | null) => placeOf({ focus_node, path }, documents, PREFIXES);

it('is that of the property in the description of the focus node', () => {
  expect(find('<https://example.org/pump>', '<https://example.org/flow>')).toEqual({
    documentId: 'data',
    line: 6,
    column: 3,
  });
  expect(find('<https://example.org/tank>', '<https://example.org/flow>')).toEqual({
    documentId: 'data',
    line: 7,
    column: 28,
  });
});

it('is that of the focus node where the property is missing, or in no document', () => {
  expect(find('<https://example.org/pump>', '<https://example.org/none>')).toMatchObject({
    line: 4,
    column: 1,
  });
  expect(find('<https://example.org/pump>', null)).toMatchObject({ line: 4, column: 1 });
  expect(
    find('<https://example.org/pump>', '<https://example.org/Pump>/<https://example.org/x>'),
  ).toMatchObject({
    line: 4,
  });
});

it('is none of a blank node, a literal, or a node that no document describes', () => {
  for (const node of ['_:b0', '"text"', '<https://example.org/pum>', '<urn:x>', '']) {
    expect(find(node, null)).toBeUndefined();
  }
});
