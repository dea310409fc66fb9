import { defineCommand, type Command } from '../command.ts';
import { optionalCount, optionalText, requiredText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';

export const getMemory: Command = defineCommand({
  name: 'db get-memory',
  summary: "Print the stored JSON of an agent's memory",
  notes: 'Prints exactly the bytes that were saved, followed by one newline.',
  database: 'existing',
  positionals: { agentId: requiredText({ description: 'id of the agent, such as validator-1' }) },
  options: {
    version: optionalCount({ placeholder: 'N', description: 'number of an earlier version' }),
    at: optionalText({
      placeholder: 'TIME',
      description: 'the version that was stored at this time (UTC, or ISO 8601 with an offset)',
    }),
  },
  exclusive: [['version', 'at']],
  examples: [`ggen-sim db get-memory agent-validator | jq '.active'`],
  async run({ agentId, version, at }, context) {
    await using database = await context.openDatabase();
    await context.stdout.writeLine(await database.getMemory({ agentId, ...omitUndefined({ version, at }) }));
  },
});
