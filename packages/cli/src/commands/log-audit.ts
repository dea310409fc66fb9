import { AUDIT_STATUSES } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { choice, count, optionalText, requiredText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { savedFormat, writeSaved } from '../output/saved.ts';

export const logAudit: Command = defineCommand({
  name: 'db log-audit',
  summary: 'Log an audit entry and print its id',
  notes: 'An empty argument counts as not given.',
  database: 'created',
  positionals: {
    agentId: requiredText({ description: 'id of the agent, such as validator-1' }),
    operation: requiredText({ description: 'name of the operation, such as validate_schema' }),
    status: choice(AUDIT_STATUSES, { description: 'state of the operation' }),
    operationType: {
      ...optionalText({ description: 'kind of operation, such as rendering' }),
      anyWordNames: 'an operation type',
    },
    durationMs: count({ default: 0, description: 'duration in whole milliseconds' }),
    details: optionalText({ description: 'free text' }),
    errorMessage: optionalText({ description: 'reason for the failure' }),
  },
  options: { format: savedFormat() },
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
