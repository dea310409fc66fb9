import leven from 'leven';

/** Share of a word's letters that may be wrong; beyond that a suggestion would be a guess. */
const LARGEST_DISTANCE = 0.4;

/** Computes how different two words are: 0 for the same word, 1 for no letter in common. */
export function distanceOf(word: string, given: string): number {
  return leven(word, given) / Math.max(word.length, given.length, 1);
}

/** True when a word may have been meant by one at this distance. */
export function isNear(distance: number): boolean {
  return distance <= LARGEST_DISTANCE;
}

/** Finds the word that a mistyped one most likely meant, in any letter case. */
export function nearestWord(words: readonly string[], given: string): string | undefined {
  const [best] = words
    .map((word) => ({ word, distance: distanceOf(word, given.toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance);
  return best !== undefined && isNear(best.distance) ? best.word : undefined;
}
