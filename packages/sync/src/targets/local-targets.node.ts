import path from 'node:path';
import type { LocalTargets } from './local-targets.ts';

/** The client of PostgreSQL, and the code of files, are loaded when they are needed. */
export const localTargets: LocalTargets = {
  absolutePath: (file) => path.resolve(file),
  async openPostgres(url) {
    const { postgresTarget } = await import('./postgres-target.ts');
    return postgresTarget(url);
  },
  async openFile(file, create) {
    const { openFileTarget } = await import('./file-target.ts');
    return openFileTarget(file, create);
  },
  environmentToken: () => process.env['GGEN_SIM_SYNC_TOKEN'] || undefined,
};
