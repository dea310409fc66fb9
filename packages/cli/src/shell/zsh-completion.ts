import type { Completes } from '../parameters.ts';
import {
  commandPaths,
  valueOptions,
  withKeys,
  type CompletionContext,
  type CompletionWord,
} from './completion-grammar.ts';

/** Writes a completion script for zsh: autoload it from a directory of `fpath`, or evaluate it after `compinit`. */
export function zshCompletion(contexts: readonly CompletionContext[]): string {
  const keyed = withKeys(contexts);
  const values = keyed.flatMap(({ key, options }) =>
    options.flatMap((option) => action(`${key} ${option.word}`, option.completes)),
  );
  const arguments_ = keyed.flatMap(({ key, words, positionals }) =>
    words.length > 0
      ? [`('${key} 0') ${described('command', words)} ;;`]
      : positionals.flatMap((completes, index) => action(`${key} ${index}`, completes)),
  );
  const options = keyed.map(({ key, options: own }) => `('${key}') ${described('option', own)} ;;`);
  return `#compdef ggen-sim
# zsh completion for ggen-sim
_ggen_sim() {
  local context='' option='' word
  local -i given=0 index
  local -a offered
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    if [[ -n $option ]]; then
      option=''
      continue
    fi
    case $word in
      (${valueOptions(contexts).join('|')}) option=$word ;;
      (-?*) ;;
      (*)
        case "$context $word" in
          (${commandPaths(contexts)
            .map((path) => `' ${path}'`)
            .join('|')}) context="$context $word" ;;
          (*) given+=1 ;;
        esac
        ;;
    esac
  done
  if [[ -z $option && $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -n $option ]]; then
    case "$context $option" in
      ${values.join('\n      ')}
    esac
  elif [[ $PREFIX == -* ]]; then
    case $context in
      ${options.join('\n      ')}
    esac
  else
    case "$context $given" in
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
