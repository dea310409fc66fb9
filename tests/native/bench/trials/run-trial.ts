/**
 * A trial, in a process or in a page: open, ask every case, count, close. What it counts at the end must be what was
 * there and what it wrote; an engine that lost a row has no numbers.
 */
import type { Budget, Case, CaseContext, NextRows } from '../cases/case.ts';
import { CASES, COLD_CASES, FIRST_CASES } from '../cases/index.ts';
import { newAuditEntry, newReceipt, seedReceipt } from '../dataset/rows.ts';
import type { Session } from '../engines/engine.ts';
import type { CostProbe, Costs, TrialRequest, TrialResult } from './trial.ts';

/** Functions that differ between a process and a page. */
export interface TrialPlatform {
  readonly open: () => Promise<Session>;
  readonly readCosts: CostProbe;
  readonly peakMemoryBytes: () => number | undefined;
}

export async function runTrial(request: TrialRequest, platform: TrialPlatform): Promise<TrialResult> {
  const { seed, cases } = request;
  const begin = performance.now();
  const session = await platform.open();
  const first = await session.getReceipt(seedReceipt(seed, 0).receiptId);
  const openMs = performance.now() - begin;
  if (!first) throw new Error('the first receipt of the seed is missing');

  const next = nextRows(request.run);
  const samples: Record<string, readonly number[]> = {};
  let costsPerSave: Costs = {};
  for (const each of [...COLD_CASES, ...FIRST_CASES, ...CASES]) {
    if (!cases.includes(each.name) || !isPossible(each, session, seed.rowCount)) continue;
    const budget = budgetOf(each, request.budget);
    const context: CaseContext = { session, seed, next, budget, scratch: request.scratch };
    const [before, receiptsBefore] = [platform.readCosts(), next.receiptsMade];
    samples[each.name] = await each.measure(context);
    if (each.name === 'save') {
      costsPerSave = per(next.receiptsMade - receiptsBefore, before, platform.readCosts());
    }
  }
  const rowsAfter = await session.stats();
  await session.close();
  const rowsBefore = request.rowsBefore ?? {
    receipts: rowsAfter.receipts - next.receiptsMade,
    auditEntries: rowsAfter.auditEntries - next.auditEntriesMade,
  };
  const expected = {
    receipts: rowsBefore.receipts + next.receiptsMade,
    auditEntries: rowsBefore.auditEntries + next.auditEntriesMade,
  };
  if (rowsAfter.receipts !== expected.receipts || rowsAfter.auditEntries !== expected.auditEntries) {
    throw new Error(
      `${request.engineId} answers ${JSON.stringify(rowsAfter)}, written were ${JSON.stringify(expected)}`,
    );
  }
  return { openMs, samples, costsPerSave, peakMemoryBytes: platform.peakMemoryBytes(), rowsAfter };
}

function isPossible(each: Case, session: Session, rowCount: number): boolean {
  return (each.possible?.(session) ?? true) && rowCount <= (each.maxRows ?? Infinity);
}

function budgetOf({ share = 1 }: Case, budget: Budget): Budget {
  const of = (count: number): number => Math.max(1, Math.round(count * share));
  return { ...budget, samples: of(budget.samples), warmUps: of(budget.warmUps) };
}

function nextRows(run: string): NextRows {
  let [receipts, auditEntries] = [0, 0];
  return {
    receipt: () => newReceipt(run, receipts++),
    auditEntry: () => newAuditEntry(run, auditEntries++),
    get receiptsMade() {
      return receipts;
    },
    get auditEntriesMade() {
      return auditEntries;
    },
  };
}

function per(saves: number, before: Costs, after: Costs): Costs {
  const perSave: Record<string, number> = {};
  for (const [name, count] of Object.entries(after)) perSave[name] = (count - (before[name] ?? 0)) / saves;
  return perSave;
}
