import path from 'node:path';
import type { LocalTargets } from './local-targets.ts';

/** The clients of PostgreSQL and NATS, and the code of files, are loaded when they are needed. */
export const localTargets: LocalTargets = {
  absolutePath: (file) => path.resolve(file),
  async openPostgres(url, { nats = process.env['GGEN_SIM_SYNC_NATS'] || undefined, onNatsChange }, cosigner) {
    const { postgresTarget } = await import('./postgres-target.ts');
    if (nats === undefined) return postgresTarget(url, undefined, cosigner);
    const { natsSigns } = await import('./nats-signs.ts');
    return postgresTarget(url, await natsSigns(nats, process.env, onNatsChange), cosigner);
  },
  async openFile(file, create, cosigner) {
    const { openFileTarget } = await import('./file-target.ts');
    return openFileTarget(file, create, cosigner);
  },
  environmentToken: () => process.env['GGEN_SIM_SYNC_TOKEN'] || undefined,
};
