/** Command that a wrong command line may have meant. */
import leven from 'leven';
import { COMMANDS } from './commands/index.ts';

/** Share of a word's letters that may be wrong; beyond that a suggestion would be a guess. */
const LARGEST_DISTANCE = 0.4;

/**
 * Finds the command that words most likely meant: with its group missing, with the wrong group, or mistyped.
 * @param group - words that were understood (`db`), or the empty text
 * @param word - the word that was not
 */
export function suggestedCommand(group: string, word: string): string | undefined {
  const given = `${group} ${word}`.trim();
  const ranked = COMMANDS.map(({ name }) => {
    const last = name.split(' ').at(-1) ?? '';
    const distance = leven(last, word) / Math.max(last.length, word.length);
    return { name, distance, wholeDistance: leven(name, given) };
  }).toSorted((one, other) => one.distance - other.distance || one.wholeDistance - other.wholeDistance);
  const [best] = ranked;
  return best !== undefined && best.distance <= LARGEST_DISTANCE ? best.name : undefined;
}
