import { defineCommand, type Command } from '../command.ts';
import { choice } from '../parameters.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export const completion: Command = defineCommand({
  name: 'completion',
  summary: 'Print a script that completes commands, flags and values in a shell',
  usesDatabase: false,
  positionals: { shell: choice(shells, { description: 'the shell' }) },
  flags: {},
  examples: [
    'eval "$(ggen-sim completion bash)"                                      # in ~/.bashrc',
    'ggen-sim completion zsh > "${fpath[1]}/_ggen-sim"',
    'ggen-sim completion fish > ~/.config/fish/completions/ggen-sim.fish',
  ],
  async run({ shell }, context) {
    // Loaded late because it reads the list of commands, this one included.
    const { completionScript } = await import('../shell/completion-script.ts');
    await context.stdout.write(completionScript(shell));
  },
});
