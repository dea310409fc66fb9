/** What a check of a database found is shown in whole: the first problem, the others on request, and their number. */
import type { VerifyReport } from '@ggen-sim/core';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { VerifyProblems } from '../src/storage/verify-problems.tsx';

function shown(problemCount: number, listed: number): string {
  const report: VerifyReport = {
    ok: false,
    schemaVersion: 4,
    receiptsVerified: 0,
    receiptsImported: 0,
    receiptsRedacted: 0,
    history: null,
    problemCount,
    problems: Array.from({ length: listed }, (_, index) => ({
      check: 'receipt',
      row: `receipts ${index + 1}`,
      message: 'changed',
    })),
  };
  return renderToStaticMarkup(createElement(VerifyProblems, { report, hint: 'Download it' }));
}

it('shows one problem without a list', () => {
  const html = shown(1, 1);
  expect(html).toContain('receipt (receipts 1): changed');
  expect(html).not.toContain('<details>');
});

it('lists the other problems, and says how many are not listed', () => {
  const html = shown(250, 100);
  expect(html.match(/<li>/gu)).toHaveLength(99);
  expect(html).toContain('receipt (receipts 100): changed');
  expect(html).toContain('249 more problems, 99 of them listed');
});
