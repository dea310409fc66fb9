/** Words in the place of an argument that takes any word, but meant for another one (`query-receipts json`). */
import type { Command, ParametersByName } from './command.ts';
import { UsageError } from './failures.ts';
import { kebabCase } from './letter-case.ts';
import { placeholderOf, type Parameter } from './parameters.ts';

/** Texts given for each parameter, as an argument or as an option. */
type Given = ReadonlyMap<string, readonly string[]>;

type NamedParameter = readonly [name: string, parameter: Parameter];

/**
 * Refuses a word that would be taken for the name of an agent, but is the value of another argument: no agent would have
 * that name, and the answer would be that there is nothing. The option means the word in any case (`--agent json`).
 * After other arguments, the word stands in its place: no value of an option is meant.
 *
 * @param commands - all commands; a period is no agent either where the command has no period
 * @throws {UsageError}
 */
export function refuseMisplaced(
  command: Command,
  commands: readonly Command[],
  words: readonly string[],
  given: Given,
): void {
  const positionals = Object.entries(command.positionals);
  for (const [index, [name, parameter]] of positionals.entries()) {
    const word = words[index] ?? '';
    if (word === '') continue;
    if (parameter.completes === 'files')
      refuseRepeated(word, placeholderOf(name, parameter), positionals.slice(0, index), given);
    if (parameter.anyWordNames === undefined) continue;
    const isLast = words.slice(index + 1).every((later) => later === '');
    const argument = isLast ? parameterFor(word, positionals.slice(index + 1), given) : undefined;
    const meant = argument ?? (index === 0 ? choiceFor(word, command.options, given) : undefined);
    const label = placeholderOf(name, parameter);
    const asOption = `for ${parameter.anyWordNames} of that name, ${meant ? 'as' : 'give'} --${kebabCase(name)} ${word}`;
    if (meant !== undefined) {
      throw new UsageError(
        argument === undefined
          ? `'${word}' is a value of --${kebabCase(meant[0])}`
          : `${label} comes before ${placeholderOf(...meant)}, and '${word}' is a ${placeholderOf(...meant)}`,
        `Give it as --${kebabCase(meant[0])} ${word.toLowerCase()}; ${asOption}`,
      );
    }
    const foreign = foreignChoice(word, command, parameter, commands);
    if (foreign !== undefined) {
      throw new UsageError(
        `${label} comes first, and '${word}' is a ${placeholderOf(...foreign.parameter)} of '${foreign.command}'`,
        `F${asOption.slice(1)}`,
      );
    }
  }
}

/** Refuses a second value of an earlier argument, which would be taken for a file. @throws {UsageError} */
function refuseRepeated(word: string, label: string, earlier: readonly NamedParameter[], given: Given): void {
  // Another word in the earlier place is wrong by itself, and its own message knows more.
  const repeated = earlier.find(
    ([name, parameter]) =>
      isChoice(parameter, word) && given.get(name)?.every((text) => isChoice(parameter, text)),
  );
  if (repeated === undefined) return;
  const choice = placeholderOf(...repeated);
  throw new UsageError(
    `${label} comes after ${choice}, and '${word}' is a ${choice}`,
    `Give the ${choice.toLowerCase()} once; for a file of that name, give ./${word}`,
  );
}

/** Finds the parameter, not given elsewhere, that accepts a word but not any word. */
function parameterFor(
  word: string,
  parameters: readonly NamedParameter[],
  given: Given,
): NamedParameter | undefined {
  return parameters.find(
    ([name, parameter]) =>
      given.get(name)?.length === 0 && accepts(parameter, word) && !accepts(parameter, '\0'),
  );
}

function choiceFor(word: string, options: ParametersByName, given: Given): NamedParameter | undefined {
  return Object.entries(options).find(
    ([name, parameter]) => given.get(name)?.length === 0 && isChoice(parameter, word),
  );
}

/** Finds a choice with this word that only other commands have, among those with the same kind of argument. */
function foreignChoice(
  word: string,
  command: Command,
  { anyWordNames }: Parameter,
  commands: readonly Command[],
): { readonly command: string; readonly parameter: NamedParameter } | undefined {
  const own = { ...command.positionals, ...command.options };
  for (const { name, positionals, options } of commands) {
    if (Object.values(positionals).every((other) => other.anyWordNames !== anyWordNames)) continue;
    const parameter = Object.entries({ ...positionals, ...options }).find(
      ([key, candidate]) => !(key in own) && isChoice(candidate, word),
    );
    if (parameter !== undefined) return { command: name, parameter };
  }
  return undefined;
}

function isChoice({ completes }: Parameter, word: string): boolean {
  return Array.isArray(completes) && completes.includes(word.toLowerCase());
}

function accepts(parameter: Parameter, word: string): boolean {
  try {
    parameter.parse([word.toLowerCase()], '');
    return true;
  } catch {
    return false;
  }
}
