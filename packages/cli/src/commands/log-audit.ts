import { defineCommand, type Command } from '../command.ts';
import { choice, count, optionalText, requiredText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { savedFormat, writeSaved } from '../output/saved.ts';

export const logAudit: Command = defineCommand({
  name: 'db log-audit',
  summary: 'Log an audit entry and print its id',
  notes: 'An empty argument in the middle counts as not given.',
  usesDatabase: true,
  positionals: {
    agentId: requiredText({ description: 'the agent, such as validator-1' }),
    operation: requiredText({ description: 'what was done, such as validate_schema' }),
    status: choice(['started', 'completed', 'failed', 'retry'], { description: 'what became of it' }),
    operationType: optionalText({ description: 'its kind, such as rendering' }),
    durationMs: count({ default: 0, description: 'how long it took, in whole milliseconds' }),
    details: optionalText({ description: 'anything else worth keeping' }),
    errorMessage: optionalText({ description: 'why it failed' }),
  },
  flags: { format: savedFormat() },
  examples: [
    'ggen-sim db log-audit agent-1 validate_schema completed validation 1200 "Schema validated" ""',
    'ggen-sim db log-audit agent-1 render failed --error-message "Template not found: layout.tera"',
  ],
  async run({ format, ...entry }, context) {
    await using database = await context.openDatabase();
    const logged = await database.logAudit(omitUndefined(entry));
    await writeSaved(logged, logged.auditId, format, context);
  },
});
