/** Commands and options that a wrong command line may have meant. */
import type { Command } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { kebabCase } from './letter-case.ts';
import { distanceOf, isNear, nearestWord } from './nearest-word.ts';

/**
 * Finds the command that words most likely meant: with its group missing, with the wrong group, or mistyped.
 * @param group - words that were understood (`db`), or the empty text
 * @param word - the word that was not
 */
export function suggestedCommand(group: string, word: string): string | undefined {
  const given = `${group} ${word}`.trim();
  const ranked = COMMANDS.map(({ name }) => {
    const distance = distanceOf(name.split(' ').at(-1) ?? '', word);
    return { name, distance, wholeDistance: distanceOf(name, given) };
  }).toSorted((one, other) => one.distance - other.distance || one.wholeDistance - other.wholeDistance);
  const [best] = ranked;
  return best !== undefined && isNear(best.distance) ? best.name : undefined;
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
