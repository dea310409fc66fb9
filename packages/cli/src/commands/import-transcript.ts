import { defineCommand, type Command } from '../command.ts';
import { flag, requiredPath, text } from '../parameters.ts';

export const importClaudeTranscript: Command = defineCommand({
  name: 'import claude-transcript',
  summary: 'Store what the transcript of a Claude Code session tells',
  notes:
    'Adds what hooks have missed: tool calls, prompts (as hashes) and receipts of turns, under the ids that hooks give. What is ' +
    'stored stays as it is, so importing again, or beside hooks, makes no duplicates. Prints the numbers as JSON. Claude ' +
    'Code keeps transcripts in ~/.claude/projects.',
  database: 'created',
  positionals: { file: requiredPath({ description: 'transcript, a .jsonl file', completes: 'files' }) },
  options: {
    agent: text({
      placeholder: 'NAME',
      description: 'id of the agent in whose name the events are stored',
      default: 'claude-code',
    }),
    keepPrompts: flag({ description: 'keep the text of prompts (otherwise only hashes are kept)' }),
  },
  examples: ['ggen-sim import claude-transcript session.jsonl'],
  async run({ file, agent, keepPrompts }, context) {
    await using database = await context.openDatabase();
    const { importTranscript } = await import('@ggen-sim/hooks');
    const report = await importTranscript(database, file, { agent, keepPrompts });
    await context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  },
});
