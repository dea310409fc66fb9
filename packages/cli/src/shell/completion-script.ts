import { bashCompletion } from './bash-completion.ts';
import { completionContexts, type CommandSet, type CompletionContext } from './completion-grammar.ts';
import { fishCompletion } from './fish-completion.ts';
import { zshCompletion } from './zsh-completion.ts';

/** Shells that a script can be written for. */
export const COMPLETED_SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of {@link COMPLETED_SHELLS}. */
export type CompletedShell = (typeof COMPLETED_SHELLS)[number];

const WRITERS: Readonly<Record<CompletedShell, (contexts: readonly CompletionContext[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Writes the completion script of a shell. */
export function completionScript(shell: CompletedShell, commandSet: CommandSet): string {
  return WRITERS[shell](completionContexts(commandSet));
}
