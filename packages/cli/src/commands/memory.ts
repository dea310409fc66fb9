import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { choice, count, flag, optionalCount, optionalJson, optionalText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { reportJson } from '../output/reports.ts';

export const memory: Command = defineCommand({
  name: 'db memory',
  summary: "List, compare, restore or merge the versions of an agent's memory",
  notes:
    'history lists the versions, diff prints a JSON Patch (RFC 6902) from one version to another, restore saves an earlier ' +
    'version as a new one and prints it. Earlier versions are kept by databases with a change log (db history). ' +
    'diff compares integers beyond 2^53 rounded. After a synchronisation (sync run), conflicts lists the pairs of versions that ' +
    'two machines saved without knowing of each other, latest first: the winner is used, the loser is kept, and merged says ' +
    'if a later version was saved since. merge saves one of them, or another memory, as the version after both, for all machines.',
  database: 'existing',
  positionals: {
    action: choice(['history', 'diff', 'restore', 'conflicts', 'merge'], { description: 'what to do' }),
    agentId: optionalText({
      description:
        'id of the agent, such as validator-1; only conflicts lists those of all agents without it',
    }),
  },
  options: {
    version: optionalCount({ placeholder: 'N', description: 'restore: the version to save again' }),
    from: optionalCount({ placeholder: 'N', description: 'diff: the version to start from' }),
    to: optionalCount({ placeholder: 'N', description: 'diff: the version to get to, or the current one' }),
    content: flag({ description: 'conflicts: print both memories as well' }),
    limit: count({ default: 100, description: 'conflicts: largest number of conflicts' }),
    withCursor: flag({
      description: 'conflicts: print { rows, next_cursor }; the cursor continues after the last one',
    }),
    after: optionalText({
      placeholder: 'CURSOR',
      description: 'conflicts: continue after those that printed this cursor',
    }),
    take: optionalText({
      placeholder: 'HASH',
      description: 'merge: hash of the version to save, as conflicts lists it',
    }),
    memoryJson: optionalJson({
      placeholder: 'JSON',
      description: 'merge: the memory to save instead of either',
    }),
    ifVersion: optionalCount({
      placeholder: 'N',
      description: 'merge, restore: save only if this is the stored version, else VERSION_CONFLICT',
    }),
  },
  exclusive: [['take', 'memoryJson']],
  examples: [
    'ggen-sim db memory history agent-validator',
    'ggen-sim db memory diff agent-validator --from 1',
    'ggen-sim db memory restore agent-validator --version 1',
    "ggen-sim db memory conflicts --content | jq '.[] | select(.merged | not)'",
    'ggen-sim db memory conflicts --with-cursor --after "$cursor"',
    'ggen-sim db memory merge agent-validator --take "$hash" --if-version 3',
  ],
  async run(
    { action, agentId, version, from, to, content, limit, withCursor, after, take, memoryJson, ifVersion },
    context,
  ) {
    const expected = omitUndefined({ ifVersion });
    if (action === 'conflicts') {
      const { memoryConflicts } = await import('@ggen-sim/sync');
      await using database = await context.openDatabase();
      const options = { content, limit, ...omitUndefined({ agentId, after }) };
      const conflicts = memoryConflicts(database, options);
      await context.stdout.writeLine(reportJson(withCursor ? await conflicts.withCursor() : await conflicts));
      return;
    }
    if (agentId === undefined)
      throw new UsageError('Missing required parameters: AGENT_ID', "See 'ggen-sim db memory --help'");
    if (action === 'merge') {
      const choices =
        take === undefined ? memoryJson !== undefined && { memory: memoryJson } : { hash: take };
      if (choices === false)
        throw new UsageError(
          'db memory merge needs --take or --memory-json',
          'Give the version or the memory',
        );
      const { mergeMemory } = await import('@ggen-sim/sync');
      await using database = await context.openDatabase();
      await context.stdout.writeLine(
        reportJson(await mergeMemory(database, { agentId, ...choices, ...expected })),
      );
      return;
    }
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
      await context.stdout.writeLine(
        reportJson(await database.restoreMemory({ agentId, version, ...expected })),
      );
    }
  },
});
