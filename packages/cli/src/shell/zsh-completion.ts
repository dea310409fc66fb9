import type { Completes } from '../parameters.ts';
import {
  reachablePlaces,
  valueFlags,
  type CompletionPlace,
  type CompletionWord,
} from './completion-grammar.ts';

/** A completion script for zsh: to be autoloaded from a folder of `fpath`, or evaluated after `compinit`. */
export function zshCompletion(places: readonly CompletionPlace[]): string {
  const keyed = places.map((place) => ({ ...place, key: place.place === '' ? '' : ` ${place.place}` }));
  const values = keyed.flatMap(({ key, flags }) =>
    flags.flatMap((flag) => action(`${key} ${flag.word}`, flag.completes)),
  );
  const arguments_ = keyed.flatMap(({ key, words, positionals }) =>
    words.length > 0
      ? [`('${key} 0') ${described('command', words)} ;;`]
      : positionals.flatMap((completes, index) => action(`${key} ${index}`, completes)),
  );
  const flags = keyed.map(({ key, flags: own }) => `('${key}') ${described('flag', own)} ;;`);
  return `#compdef ggen-sim
# zsh completion for ggen-sim
_ggen_sim() {
  local place='' flag='' word
  local -i given=0 index
  local -a offered
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    if [[ -n $flag ]]; then
      flag=''
      continue
    fi
    case $word in
      (${valueFlags(places).join('|')}) flag=$word ;;
      (-?*) ;;
      (*)
        case "$place $word" in
          (${reachablePlaces(places)
            .map((place) => `' ${place}'`)
            .join('|')}) place="$place $word" ;;
          (*) given+=1 ;;
        esac
        ;;
    esac
  done
  if [[ -z $flag && $PREFIX == --*=* ]]; then
    flag=\${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -n $flag ]]; then
    case "$place $flag" in
      ${values.join('\n      ')}
    esac
  elif [[ $PREFIX == -* ]]; then
    case $place in
      ${flags.join('\n      ')}
    esac
  else
    case "$place $given" in
      ${arguments_.join('\n      ')}
    esac
  fi
}
if [[ \${funcstack[1]} == _ggen_sim ]]; then
  _ggen_sim "$@"
else
  compdef _ggen_sim ggen-sim
fi
`;
}

function action(key: string, completes: Completes): string[] {
  if (completes === 'nothing') return [];
  if (completes === 'files') return [`('${key}') _files ;;`];
  if (completes === 'directories') return [`('${key}') _files -/ ;;`];
  return [`('${key}') compadd -- ${completes.join(' ')} ;;`];
}

function described(kind: string, words: readonly CompletionWord[]): string {
  const items = words.map(({ word, summary }) => `'${word}:${summary.replaceAll("'", String.raw`'\''`)}'`);
  return `offered=(${items.join(' ')}); _describe '${kind}' offered`;
}
