import { defineCommand, type Command } from '../command.ts';
import { requiredJson, requiredText } from '../parameters.ts';
import { savedFormat, writeSaved } from '../output/saved.ts';

export const saveMemory: Command = defineCommand({
  name: 'db save-memory',
  summary: "Save an agent's memory and print its id",
  notes:
    'The JSON is kept byte for byte. Saving again replaces what the agent had: the memory id stays, the version goes ' +
    'up by one. --format json prints both.',
  usesDatabase: true,
  positionals: {
    agentId: requiredText({ description: 'the agent, such as validator-1' }),
    agentType: requiredText({ description: 'its kind, such as validation' }),
    memoryJson: requiredJson({ description: 'its state, one JSON value' }),
  },
  flags: { format: savedFormat() },
  examples: [
    `ggen-sim db save-memory agent-validator validation '{"active":true}'`,
    'ggen-sim db save-memory agent-validator validation - < state.json',
  ],
  async run({ memoryJson, format, ...agent }, context) {
    await using database = await context.openDatabase();
    const saved = await database.saveMemory({ ...agent, memory: memoryJson });
    await writeSaved(saved, saved.memoryId, format, context);
  },
});
