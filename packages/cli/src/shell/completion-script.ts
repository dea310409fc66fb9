import { bashCompletion } from './bash-completion.ts';
import { completionPlaces, type CompletionPlace } from './completion-grammar.ts';
import { fishCompletion } from './fish-completion.ts';
import { zshCompletion } from './zsh-completion.ts';

/** The shells a script can be written for. */
export type CompletedShell = 'bash' | 'zsh' | 'fish';

const writers: Readonly<Record<CompletedShell, (places: readonly CompletionPlace[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The completion script of a shell. */
export function completionScript(shell: CompletedShell): string {
  return writers[shell](completionPlaces());
}
