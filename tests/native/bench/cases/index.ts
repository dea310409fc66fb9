import type { Case } from './case.ts';
import { backupCase, imageCase } from './exports.ts';
import { analyticsCase, COLD_CASES, getCase, latestCase, statsCase } from './reads.ts';
import { auditCase, callersCase, firstSavesCase, groupedCase, saveCase } from './writes.ts';

/** Cases for an open database, in order: reads see the database as it was filled, then come writes. */
export const CASES: readonly Case[] = [
  getCase,
  latestCase,
  analyticsCase,
  statsCase,
  saveCase,
  auditCase,
  callersCase,
  groupedCase,
  imageCase,
  backupCase,
];

export { COLD_CASES };

/** Cases that only run in processes and pages that have just opened. */
export const FIRST_CASES: readonly Case[] = [firstSavesCase];

/** Measurements around the cases: a trial opens first, and the command line runs in its own processes. */
export const OPEN = {
  name: 'open',
  title: 'Open, to the first answer',
  unit: 'ms',
  better: 'lower',
} as const;
export const CLI = { name: 'cli', title: 'Command line: `db stats`', unit: 'ms', better: 'lower' } as const;

/** Every case by name, for reports. */
export const CASE_TITLES: ReadonlyMap<string, Pick<Case, 'name' | 'title' | 'unit' | 'better'>> = new Map(
  [OPEN, ...FIRST_CASES, ...CASES, CLI].map((each) => [each.name, each]),
);
