import type { Completes } from '../parameters.ts';
import { reachablePlaces, valueFlags, type CompletionPlace } from './completion-grammar.ts';

/** A completion script for fish: a file of `~/.config/fish/completions`, or to be sourced. */
export function fishCompletion(places: readonly CompletionPlace[]): string {
  return `# fish completion for ggen-sim
function __ggen_sim_at --description 'Whether the cursor is at a place of the command line, after so many arguments'
    set -l place ''
    set -l flag ''
    set -l given 0
    set -l words (commandline -opc)
    for word in $words[2..]
        if test -n "$flag"
            set flag ''
            continue
        end
        switch $word
            case ${valueFlags(places).join(' ')}
                set flag $word
            case '-?*'
            case '*'
                switch (string trim "$place $word")
                    case ${reachablePlaces(places)
                      .map((place) => `'${place}'`)
                      .join(' ')}
                        set place (string trim "$place $word")
                    case '*'
                        set given (math $given + 1)
                end
        end
    end
    test "$place" = "$argv[1]"; and test (count $argv) -eq 1 -o "$given" = "$argv[2]"
end

complete -c ggen-sim -f
${places.flatMap(placeLines).join('\n')}
`;
}

function placeLines({ place, words, flags, positionals }: CompletionPlace): string[] {
  return [
    ...words.map(({ word, summary }) => line(`'${place}' 0`, `-a ${word} -d ${quoted(summary)}`)),
    ...positionals.flatMap((completes, index) => {
      const candidates = candidatesOf(completes);
      return candidates === '' ? [] : [line(`'${place}' ${index}`, candidates)];
    }),
    ...flags.map(({ word, summary, takesValue, completes }) => {
      const value = takesValue ? ` ${completes === 'files' ? '-r' : '-x'} ${candidatesOf(completes)}` : '';
      return line(`'${place}'`, `-l ${word.slice(2)}${value} -d ${quoted(summary)}`);
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
