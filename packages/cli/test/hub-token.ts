/** The token of the hubs of a test file, which its commands have as well. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Sandbox } from './run-cli.ts';

export const HUB_TOKEN = 'token-of-the-hub-with-32-characters';

/** Gives the token to the commands of the test file. @returns the words that give it to `serve` */
export function useHubToken(sandbox: Sandbox): readonly string[] {
  const file = join(sandbox.directory, 'hub-token');
  beforeAll(() => {
    process.env['GGEN_SIM_SYNC_TOKEN'] = HUB_TOKEN;
    writeFileSync(file, `${HUB_TOKEN}\n`, { mode: 0o600 });
  });
  afterAll(() => {
    delete process.env['GGEN_SIM_SYNC_TOKEN'];
  });
  return ['--token-file', file];
}
