import { defineCommand, type Command } from '../command.ts';
import { optionalCount, requiredJson, requiredText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { savedFormat, writeSaved } from '../output/saved.ts';

export const saveMemory: Command = defineCommand({
  name: 'db save-memory',
  summary: "Save an agent's memory and print its id",
  notes:
    'The JSON is stored byte for byte. Saving again replaces the memory of the agent: the id stays the same, the ' +
    'version increases by one. --format json prints both.',
  database: 'created',
  positionals: {
    agentId: requiredText({ description: 'id of the agent, such as validator-1' }),
    agentType: requiredText({ description: 'kind of agent, such as validation' }),
    memoryJson: requiredJson({ description: 'memory as one JSON value' }),
  },
  options: {
    format: savedFormat(),
    ifVersion: optionalCount({
      placeholder: 'N',
      description: 'save only if this is the stored version, else VERSION_CONFLICT; 0 for a first one',
    }),
  },
  examples: [
    `ggen-sim db save-memory agent-validator validation '{"active":true}'`,
    'ggen-sim db save-memory agent-validator validation - < state.json',
  ],
  async run({ memoryJson, format, ifVersion, ...agent }, context) {
    await using database = await context.openDatabase();
    const saved = await database.saveMemory({
      ...agent,
      memory: memoryJson,
      ...omitUndefined({ ifVersion }),
    });
    await writeSaved(saved, saved.memoryId, format, context);
  },
});
