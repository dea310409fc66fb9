import type { Completes } from '../parameters.ts';
import { reachablePlaces, valueFlags, type CompletionPlace } from './completion-grammar.ts';

/**
 * A completion script for bash 3.2 and later. It needs neither the bash-completion package nor a call of this program,
 * and evaluates nothing of what has been typed. Where it offers nothing, bash completes file names.
 */
export function bashCompletion(places: readonly CompletionPlace[]): string {
  const places_ = places.map((place) => ({ ...place, key: place.place === '' ? '' : ` ${place.place}` }));
  const values = places_.flatMap(({ key, flags }) =>
    flags.flatMap((flag) => words(`${key} ${flag.word}`, flag.completes)),
  );
  const arguments_ = places_.flatMap(({ key, words: members, positionals }) =>
    members.length > 0
      ? words(
          `${key} 0`,
          members.map(({ word }) => word),
        )
      : positionals.flatMap((completes, index) => words(`${key} ${index}`, completes)),
  );
  const flags = places_.flatMap(({ key, flags: own }) =>
    words(
      key,
      own.map(({ word }) => word),
    ),
  );
  return `# bash completion for ggen-sim, for: eval "$(ggen-sim completion bash)"
_ggen_sim() {
  local current=\${COMP_WORDS[COMP_CWORD]} place='' flag='' offered='' given=0 index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ -n $flag ]]; then
      [[ $word == '=' ]] || flag=''
      continue
    fi
    case $word in
      ${valueFlags(places).join(' | ')}) flag=$word ;;
      -?*) ;;
      *)
        case "$place $word" in
          ${reachablePlaces(places)
            .map((place) => `' ${place}'`)
            .join(' | ')}) place="$place $word" ;;
          *) given=$((given + 1)) ;;
        esac
        ;;
    esac
  done
  [[ $current == '=' ]] && current=''
  if [[ -n $flag ]]; then
    case "$place $flag" in
      ${values.join('\n      ')}
    esac
  elif [[ $current == -* ]]; then
    case $place in
      ${flags.join('\n      ')}
    esac
  else
    case "$place $given" in
      ${arguments_.join('\n      ')}
    esac
  fi
  COMPREPLY=()
  while IFS='' read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$offered" -- "$current")
}
complete -o default -F _ggen_sim ggen-sim
`;
}

function words(key: string, completes: Completes): string[] {
  return typeof completes === 'string' ? [] : [`'${key}') offered='${completes.join(' ')}' ;;`];
}
