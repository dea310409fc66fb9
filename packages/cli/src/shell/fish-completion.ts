import type { Completes } from '../parameters.ts';
import { commandPaths, valueOptions, type CompletionContext } from './completion-grammar.ts';

/** Writes a completion script for fish: save it in `~/.config/fish/completions` or source it. */
export function fishCompletion(contexts: readonly CompletionContext[]): string {
  return `# fish completion for ggen-sim
function __ggen_sim_at --description 'Test the context of the cursor and the number of arguments before it'
    set -l context ''
    set -l option ''
    set -l given 0
    set -l words (commandline -opc)
    for word in $words[2..]
        if test -n "$option"
            set option ''
            continue
        end
        switch $word
            case ${valueOptions(contexts).join(' ')}
                set option $word
            case '-?*'
            case '*'
                switch (string trim "$context $word")
                    case ${commandPaths(contexts)
                      .map((path) => `'${path}'`)
                      .join(' ')}
                        set context (string trim "$context $word")
                    case '*'
                        set given (math $given + 1)
                end
        end
    end
    test "$context" = "$argv[1]"; and test (count $argv) -eq 1 -o "$given" = "$argv[2]"
end

complete -c ggen-sim -f
${contexts.flatMap(contextLines).join('\n')}
`;
}

function contextLines({ path, words, options, positionals }: CompletionContext): string[] {
  return [
    ...words.map(({ word, summary }) => line(`'${path}' 0`, `-a ${word} -d ${quoted(summary)}`)),
    ...positionals.flatMap((completes, index) => {
      const candidates = candidatesOf(completes);
      return candidates === '' ? [] : [line(`'${path}' ${index}`, candidates)];
    }),
    ...options.map(({ word, summary, takesValue, completes }) => {
      const value = takesValue ? ` ${completes === 'files' ? '-r' : '-x'} ${candidatesOf(completes)}` : '';
      return line(`'${path}'`, `-l ${word.slice(2)}${value} -d ${quoted(summary)}`);
    }),
  ];
}

function line(condition: string, rest: string): string {
  return `complete -c ggen-sim -n "__ggen_sim_at ${condition}" ${rest}`;
}

function candidatesOf(completes: Completes): string {
  if (completes === 'nothing') return '';
  if (completes === 'files') return '-F';
  if (completes === 'directories') return `-a '(__fish_complete_directories)'`;
  return `-a '${completes.join(' ')}'`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}
