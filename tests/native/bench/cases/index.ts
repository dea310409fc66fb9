import type { Case } from './case.ts';
import { backupCase, imageCase } from './exports.ts';
import { analyticsCase, getCase, latestCase, statsCase } from './reads.ts';
import { auditCase, callersCase, firstSavesCase, groupedCase, saveCase } from './writes.ts';

/** What is asked of an open database, in this order: reads see the database as it was handed over, then come writes. */
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

/** What is asked of processes and pages that have only just opened, and of nobody else. */
export const FIRST_CASES: readonly Case[] = [firstSavesCase];

/** What is measured around the cases: opening is a trial's first act, the command line has processes of its own. */
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
