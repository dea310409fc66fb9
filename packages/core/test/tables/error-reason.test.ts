/** The status `error` of the original scripts means two things; the receipt's JSON says which. */
import { expect, it } from 'vitest';
import { errorReasonOf } from '../../src/index.ts';

it.each([
  ['error', '{"conforms":false,"error":null}', 'violations'],
  ['error', '{"conforms":false}', 'violations'],
  ['error', '{"conforms":null,"error":{"code":"SYNTAX_ERROR"}}', 'failed'],
  ['error', '{"error":"out of memory"}', 'failed'],
  ['error', '{"conforms":null,"error":null}', undefined],
  ['error', '{"made":"outside"}', undefined],
  ['error', '[{"error":1}]', undefined],
  ['error', 'null', undefined],
  ['error', '"error"', undefined],
  ['error', 'not JSON', undefined],
  ['success', '{"conforms":false}', undefined],
  ['partial', '{"error":"x"}', undefined],
])('%s with %s is %s', (status, receiptJson, reason) => {
  expect(errorReasonOf({ status, receiptJson })).toBe(reason);
});
