import { timeEach, type Case } from './case.ts';

export const imageCase: Case = {
  name: 'image',
  title: 'The whole database as bytes',
  unit: 'ms',
  better: 'lower',
  maxRows: 100_000,
  possible: (session) => 'exportImage' in session,
  measure: ({ session, budget }) =>
    timeEach({ ...budget, warmUps: 0, samples: 1 }, async () => {
      const bytes = await session.exportImage?.();
      if (!bytes) throw new Error('the image is empty');
    }),
};

export const backupCase: Case = {
  name: 'backup',
  title: 'Backup: every row as JSON, and the file',
  unit: 'ms',
  better: 'lower',
  possible: (session) => 'backup' in session,
  measure: ({ session, budget, scratch, seed }) =>
    timeEach({ ...budget, warmUps: 0, samples: 1 }, async () => {
      const rows = await session.backup?.(`${scratch}/backup`);
      if (rows === undefined || rows < 2 * seed.rowCount) throw new Error(`the backup has ${rows} rows`);
    }),
};
