import type { Completes } from '../parameters.ts';
import { commandPaths, valueOptions, withKeys, type CompletionContext } from './completion-grammar.ts';

/**
 * Writes a completion script for bash 3.2 and later. The script needs no bash-completion package, starts no process and
 * evaluates nothing that was typed. When it offers nothing, bash completes file names.
 */
export function bashCompletion(contexts: readonly CompletionContext[]): string {
  const keyed = withKeys(contexts);
  const values = keyed.flatMap(({ key, options }) =>
    options.flatMap((option) => offer(`${key} ${option.word}`, option.completes)),
  );
  const arguments_ = keyed.flatMap(({ key, words, positionals }) =>
    words.length > 0
      ? offer(`${key} 0`, wordsOf(words))
      : positionals.flatMap((completes, index) => offer(`${key} ${index}`, completes)),
  );
  const options = keyed.flatMap((context) => offer(context.key, wordsOf(context.options)));
  return `# bash completion for ggen-sim, for: eval "$(ggen-sim completion bash)"
_ggen_sim() {
  local current=\${COMP_WORDS[COMP_CWORD]} context='' option='' offered='' given=0 index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ -n $option ]]; then
      [[ $word == '=' ]] || option=''
      continue
    fi
    case $word in
      ${valueOptions(contexts).join(' | ')}) option=$word ;;
      -?*) ;;
      *)
        case "$context $word" in
          ${commandPaths(contexts)
            .map((path) => `' ${path}'`)
            .join(' | ')}) context="$context $word" ;;
          *) given=$((given + 1)) ;;
        esac
        ;;
    esac
  done
  [[ $current == '=' ]] && current=''
  if [[ -n $option ]]; then
    case "$context $option" in
      ${values.join('\n      ')}
    esac
  elif [[ $current == -* ]]; then
    case $context in
      ${options.join('\n      ')}
    esac
  else
    case "$context $given" in
      ${arguments_.join('\n      ')}
    esac
  fi
  COMPREPLY=()
  while IFS='' read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$offered" -- "$current")
}
complete -o default -F _ggen_sim ggen-sim
`;
}

function wordsOf(items: readonly { readonly word: string }[]): string[] {
  return items.map(({ word }) => word);
}

function offer(key: string, completes: Completes): string[] {
  return typeof completes === 'string' ? [] : [`'${key}') offered='${completes.join(' ')}' ;;`];
}
