import type { BenchReceipt } from '../dataset/rows.ts';
import { timeEach, type Case, type CaseContext } from './case.ts';

const CALLERS = 64;

export const saveCase: Case = {
  name: 'save',
  title: 'Save one receipt',
  unit: 'ms',
  better: 'lower',
  measure: ({ session, next, budget }) => timeEach(budget, () => session.save(next.receipt())),
};

export const auditCase: Case = {
  name: 'audit',
  title: 'Log one audit entry',
  unit: 'ms',
  better: 'lower',
  share: 0.5,
  measure: ({ session, next, budget }) => timeEach(budget, () => session.logAudit(next.auditEntry())),
};

export const callersCase: Case = {
  name: 'callers-64',
  title: `${CALLERS} callers save at once`,
  unit: 'per second',
  better: 'higher',
  share: 0.2,
  measure: (context) =>
    rate(context, (receipts) => Promise.all(receipts.map((receipt) => context.session.save(receipt)))),
};

export const groupedCase: Case = {
  name: 'grouped-64',
  title: `${CALLERS} receipts in one transaction, grouped by hand`,
  unit: 'per second',
  better: 'higher',
  share: 0.2,
  possible: (session) => 'saveTogether' in session,
  measure: (context) => rate(context, async (receipts) => context.session.saveTogether?.(receipts)),
};

/** Durable receipts a second, a sample for each round. The rows are made before the clock starts. */
async function rate(
  { next, budget }: CaseContext,
  saveAll: (receipts: readonly BenchReceipt[]) => Promise<unknown>,
): Promise<number[]> {
  const rates: number[] = [];
  const warmUps = Math.min(budget.warmUps, 2);
  const begin = performance.now();
  while (rates.length < warmUps + budget.samples) {
    if (rates.length > 0 && performance.now() - begin > budget.maxMs) break;
    const receipts = Array.from({ length: CALLERS }, () => next.receipt());
    const start = performance.now();
    await saveAll(receipts);
    rates.push((CALLERS * 1000) / (performance.now() - start));
  }
  return rates.slice(Math.min(warmUps, rates.length - 1));
}
