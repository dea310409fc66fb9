import { defineCommand, type Command } from '../command.ts';
import { choice } from '../parameters.ts';
import type { CommandSet } from '../shell/completion-grammar.ts';
import { COMPLETED_SHELLS, completionScript } from '../shell/completion-script.ts';

/**
 * Makes the `completion` command.
 * @param commandSet - returns the commands to complete; called late, because this command is one of them
 */
export function completion(commandSet: () => CommandSet): Command {
  return defineCommand({
    name: 'completion',
    summary: 'Print a completion script for a shell',
    notes: 'The script completes commands, options and values.',
    database: 'unused',
    positionals: { shell: choice(COMPLETED_SHELLS, { description: 'name of the shell' }) },
    options: {},
    examples: [
      'eval "$(ggen-sim completion bash)"                                      # in ~/.bashrc',
      'ggen-sim completion zsh > "${fpath[1]}/_ggen-sim"',
      'ggen-sim completion fish > ~/.config/fish/completions/ggen-sim.fish',
    ],
    async run({ shell }, context) {
      await context.stdout.write(completionScript(shell, commandSet()));
    },
  });
}
