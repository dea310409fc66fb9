import { defineCommand, type Command } from '../command.ts';
import { requiredText } from '../parameters.ts';

export const getMemory: Command = defineCommand({
  name: 'db get-memory',
  summary: "Print the stored JSON of an agent's memory",
  notes: 'Prints exactly the bytes that were saved, followed by one newline.',
  database: 'existing',
  positionals: { agentId: requiredText({ description: 'id of the agent, such as validator-1' }) },
  options: {},
  examples: [`ggen-sim db get-memory agent-validator | jq '.active'`],
  async run({ agentId }, context) {
    await using database = await context.openDatabase();
    await context.stdout.writeLine(await database.getMemory(agentId));
  },
});
