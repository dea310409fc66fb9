import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { choice, optionalCount, requiredText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson } from '../output/reports.ts';

export const memory: Command = defineCommand({
  name: 'db memory',
  summary: "List, compare or restore the versions of an agent's memory",
  notes:
    'history lists the versions, diff prints a JSON Patch (RFC 6902) from one version to another, restore saves an earlier ' +
    'version as a new one and prints it. Earlier versions are kept by databases with a change log (db history). ' +
    'diff compares integers beyond 2^53 rounded.',
  database: 'existing',
  positionals: {
    action: choice(['history', 'diff', 'restore'], { description: 'what to do' }),
    agentId: requiredText({ description: 'id of the agent, such as validator-1' }),
  },
  options: {
    version: optionalCount({ placeholder: 'N', description: 'restore: the version to save again' }),
    from: optionalCount({ placeholder: 'N', description: 'diff: the version to start from' }),
    to: optionalCount({ placeholder: 'N', description: 'diff: the version to get to, or the current one' }),
  },
  examples: [
    'ggen-sim db memory history agent-validator',
    'ggen-sim db memory diff agent-validator --from 1',
    'ggen-sim db memory restore agent-validator --version 1',
  ],
  async run({ action, agentId, version, from, to }, context) {
    await using database = await context.openDatabase();
    if (action === 'history') {
      await context.stdout.writeLine(reportJson(await database.memoryHistory(agentId)));
    } else if (action === 'diff') {
      if (from === undefined)
        throw new UsageError('db memory diff needs --from', 'Give the number of a version');
      const patch = await database.diffMemory({ agentId, from, ...omitUndefined({ to }) });
      await context.stdout.writeLine(JSON.stringify(patch, undefined, 2));
    } else {
      if (version === undefined) {
        throw new UsageError('db memory restore needs --version', 'Give the number of a version');
      }
      await context.stdout.writeLine(reportJson(await database.restoreMemory({ agentId, version })));
    }
  },
});
