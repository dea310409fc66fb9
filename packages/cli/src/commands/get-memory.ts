import { defineCommand, type Command } from '../command.ts';
import { requiredText } from '../parameters.ts';

export const getMemory: Command = defineCommand({
  name: 'db get-memory',
  summary: "The stored JSON of an agent's memory",
  notes: 'Exactly the bytes that were saved, and one newline.',
  usesDatabase: true,
  positionals: { agentId: requiredText({ description: 'the agent, such as validator-1' }) },
  flags: {},
  examples: [`ggen-sim db get-memory agent-validator | jq '.active'`],
  async run({ agentId }, context) {
    await using database = await context.openDatabase();
    await context.stdout.line(await database.getMemory(agentId));
  },
});
