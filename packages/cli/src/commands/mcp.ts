import { defineCommand, type Command } from '../command.ts';
import { flag, optionalText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { EXIT_CODES } from '../exit-codes.ts';

export const mcp: Command = defineCommand({
  name: 'mcp',
  summary: 'Serve the database to a coding agent by MCP, over standard input and output',
  notes:
    'A coding agent (Claude Code, Cursor, VS Code) starts this command itself and gets tools for receipts, memory and the ' +
    'audit trail. It ends when the agent closes its end. With --agent, the model can write as this agent only; without it, ' +
    'each call names its agent. --read-only offers no tool that saves and creates no database. There is no tool that deletes.',
  database: 'created',
  positionals: {},
  options: {
    agent: optionalText({
      placeholder: 'NAME',
      description: 'the only agent in whose name the model can write',
    }),
    readOnly: flag({ description: 'offer no tool that saves' }),
  },
  examples: ['claude mcp add ggen-sim -- ggen-sim mcp --agent claude-code', 'ggen-sim mcp --read-only'],
  async run({ agent, readOnly }, context) {
    await using database = await context.openDatabase(
      'unknown',
      readOnly ? { create: false, drain: false } : {},
    );
    const signal = context.interruption.cancellable();
    const { serveStdio } = await import('@ggen-sim/mcp');
    await serveStdio(database, { ...omitUndefined({ agent }), readOnly, signal });
    return context.interruption.exitCode ?? EXIT_CODES.ok;
  },
});
