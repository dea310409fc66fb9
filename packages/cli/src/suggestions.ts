/** Commands and options that a wrong command line may have meant. */
import type { Command } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { kebabCase } from './letter-case.ts';
import { distanceOf, isNear, nearestWord } from './nearest-word.ts';

/**
 * Finds the commands that words may have meant: the one with its group missing, with the wrong group, or mistyped; else every
 * one with the word in its name (`audit`).
 * @param group - words that were understood (`db`), or the empty text
 * @param word - the word that was not
 */
export function suggestedCommands(group: string, word: string): readonly string[] {
  const given = `${group} ${word}`.trim();
  const ranked = COMMANDS.map(({ name }) => {
    const distance = distanceOf(name.split(' ').at(-1) ?? '', word);
    return { name, distance, wholeDistance: distanceOf(name, given) };
  }).toSorted((one, other) => one.distance - other.distance || one.wholeDistance - other.wholeDistance);
  const [best] = ranked;
  if (best !== undefined && isNear(best.distance)) return [best.name];
  return COMMANDS.map(({ name }) => name).filter((name) => name.split(/[ -]/u).includes(word));
}

/**
 * Finds the option that a mistyped one most likely meant. Arguments are options too.
 * @param given - the option as given, perhaps with its value (`--fromat=csv`)
 */
export function suggestedOption(
  { positionals, options, database }: Command,
  given: string,
): string | undefined {
  const common = database === 'unused' ? [] : ['db', 'create'];
  const names = [...Object.keys(positionals), ...Object.keys(options)].map(kebabCase);
  const word = given.replace(/=.*$/su, '').replace(/^-+/u, '');
  const name = nearestWord([...names, ...common, 'verbose', 'help'], word);
  return name === undefined ? undefined : `--${name}`;
}
