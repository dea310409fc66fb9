import type { UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

const LOADS_PROCESSES = "const childProcess = require('node:child_process');";
const LOADS_ON_USE =
  "const childProcess = { get spawn() { return process.getBuiltinModule('node:child_process').spawn; } };";

/**
 * Lets commander load `node:child_process` when it starts a process: it does so for commands that are programs of their own,
 * of which the command line has none. Loading it costs each command some milliseconds.
 */
export function commanderWithoutProcesses(): Plugin {
  return {
    name: 'commander-without-processes',
    transform(code, id) {
      if (!id.endsWith('commander/lib/command.js')) return undefined;
      if (!code.includes(LOADS_PROCESSES))
        throw new Error('commander no longer loads node:child_process here');
      return code.replace(LOADS_PROCESSES, LOADS_ON_USE);
    },
  };
}
