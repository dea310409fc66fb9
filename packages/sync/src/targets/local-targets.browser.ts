import { SyncError } from '../errors.ts';
import type { LocalTargets } from './local-targets.ts';

function onlyHttp(): never {
  throw new SyncError('SYNC_TARGET_INVALID', 'A page synchronises over a hub with HTTP alone', {
    hint: 'Give http://HOST:PORT or https://HOST of a hub.',
  });
}

export const localTargets: LocalTargets = {
  absolutePath: onlyHttp,
  openPostgres: async () => onlyHttp(),
  openFile: async () => onlyHttp(),
  environmentToken: () => undefined,
};
