import { AGENT_PATTERN, seedReceipt, timestamp } from '../dataset/rows.ts';
import { timeEach, type Case } from './case.ts';

const LIMIT = 100;
const SEVEN_DAYS_MS = 7 * 86_400_000;
/** A prime, so that gets wander over the whole table. */
const STRIDE = 7919;

export const getCase: Case = {
  name: 'get',
  title: 'Get a receipt by id',
  unit: 'ms',
  better: 'lower',
  measure({ session, seed, budget }) {
    let index = 0;
    return timeEach(budget, async () => {
      index = (index + STRIDE) % seed.rowCount;
      const found = await session.getReceipt(seedReceipt(seed, index).receiptId);
      if (!found) throw new Error(`receipt ${index} of ${seed.rowCount} was not found`);
    });
  },
};

/** Once, untimed calls before it none: in a page that has just opened. */
function cold(each: Case): Case {
  return {
    ...each,
    name: `cold-${each.name}`,
    title: `${each.title}, the first after opening`,
    share: 1,
    measure: (context) => each.measure({ ...context, budget: { ...context.budget, samples: 1, warmUps: 0 } }),
  };
}

export const latestCase: Case = {
  name: 'latest-100',
  title: 'Latest 100 receipts by agent pattern',
  unit: 'ms',
  better: 'lower',
  share: 0.5,
  measure: ({ session, budget }) =>
    timeEach(budget, async () => {
      const rows = await session.latest(AGENT_PATTERN, LIMIT);
      if (rows !== LIMIT) throw new Error(`asked for ${LIMIT} receipts, got ${rows}`);
    }),
};

export const analyticsCase: Case = {
  name: 'analytics',
  title: 'Analytics over the last 7 days',
  unit: 'ms',
  better: 'lower',
  share: 0.15,
  measure: ({ session, budget }) =>
    timeEach(budget, async () => {
      const rows = await session.analytics(timestamp(Date.now() - SEVEN_DAYS_MS));
      if (rows === 0) throw new Error('analytics answered nothing');
    }),
};

export const statsCase: Case = {
  name: 'stats',
  title: 'Counts of everything',
  unit: 'ms',
  better: 'lower',
  share: 0.15,
  measure: ({ session, budget }) => timeEach(budget, () => session.stats()),
};

/** In this order in one page: each reads what the others have not. */
export const COLD_CASES: readonly Case[] = [getCase, latestCase, analyticsCase].map(cold);
