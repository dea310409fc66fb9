/** What is found in the JSON of receipts, ours and of others. */
import { expect, it } from 'vitest';
import { inputsOf, stagesOf } from '../src/record-dialog/receipt-stages.ts';

it('finds the stages of a validation, one after the other and without their sum', () => {
  expect(stagesOf({ durations_ms: { canonicalize: 2.5, parse: 3, total: 17, validate: 10 } })).toEqual([
    { name: 'parse', startMs: 0, durationMs: 3 },
    { name: 'canonicalize', startMs: 3, durationMs: 2.5 },
    { name: 'validate', startMs: 5.5, durationMs: 10 },
  ]);
});

it('finds listed stages, also those that overlap', () => {
  const stages = [
    { name: 'plan', duration_ms: 5 },
    { name: 'code', durationMs: 7, startMs: 2 },
    { stage: 'test', durationMs: 1 },
  ];
  expect(stagesOf({ stages }).map(({ startMs }) => startMs)).toEqual([0, 2, 9]);
});

it.each([
  null,
  'text',
  7,
  [],
  { stages: 'many' },
  { stages: [null, 3, { name: 4 }, { name: 'x', durationMs: -1 }, { name: 'y', durationMs: 'soon' }] },
  { durations_ms: { parse: Number.NaN, validate: null } },
  { inputs: { name: 'x' } },
  { inputs: [null, { name: 4 }] },
])('takes anything else as a receipt without stages and inputs: %j', (receipt) => {
  expect(stagesOf(receipt)).toEqual([]);
  expect(inputsOf(receipt)).toEqual([]);
});
