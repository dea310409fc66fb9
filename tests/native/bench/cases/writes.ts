import type { BenchReceipt } from '../dataset/rows.ts';
import { repeat, timeEach, type Case, type CaseContext } from './case.ts';

const CALLERS = 64;
const AFFORDABLE_MS = 5000;
const FIRST_SAVES = 10;

export const firstSavesCase: Case = {
  name: 'first-saves',
  title: `The first ${FIRST_SAVES} saves after opening`,
  unit: 'ms',
  better: 'lower',
  measure: ({ session, next, budget }) =>
    timeEach({ ...budget, warmUps: 0, samples: FIRST_SAVES }, () => session.save(next.receipt())),
};

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
  measure: async (context) =>
    rate(context, await affordableCallers(context), (receipts) =>
      Promise.all(receipts.map((receipt) => context.session.save(receipt))),
    ),
};

export const groupedCase: Case = {
  name: 'grouped-64',
  title: `${CALLERS} receipts in one transaction, grouped by hand`,
  unit: 'per second',
  better: 'higher',
  share: 0.2,
  possible: (session) => 'saveTogether' in session,
  measure: (context) => rate(context, CALLERS, async (receipts) => context.session.saveTogether?.(receipts)),
};

/** Fewer callers where even the quickest of three saves takes so long that 64 would take more than this. */
async function affordableCallers({ session, next }: CaseContext): Promise<number> {
  const saves = { samples: 3, maxMs: AFFORDABLE_MS, warmUps: 0, warmUpMs: 0 };
  const durationsMs = await timeEach(saves, () => session.save(next.receipt()));
  return Math.max(1, Math.min(CALLERS, Math.floor(AFFORDABLE_MS / Math.min(...durationsMs))));
}

/** Durable receipts a second, a sample for each round. The rows are made before the clock starts. */
async function rate(
  { next, budget }: CaseContext,
  callers: number,
  saveAll: (receipts: readonly BenchReceipt[]) => Promise<unknown>,
): Promise<number[]> {
  const rates: number[] = [];
  const round = async (): Promise<void> => {
    const receipts = Array.from({ length: callers }, () => next.receipt());
    const start = performance.now();
    await saveAll(receipts);
    rates.push((callers * 1000) / (performance.now() - start));
  };
  await repeat(Math.ceil(budget.warmUps / callers), budget.warmUpMs, round);
  rates.length = 0;
  await repeat(budget.samples, budget.maxMs, round);
  return rates;
}
