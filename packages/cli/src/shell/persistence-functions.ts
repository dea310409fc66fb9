/** Functions of the original `database/persistence.sh`, each as a call of this program. */
import functions from './persistence-functions.sh';

/**
 * Writes the functions as shell code to evaluate.
 *
 * @param nodePath - the Node executable that runs this program
 * @param programPath - this program's file, which need not be on the PATH
 */
export function persistenceFunctions(nodePath: string, programPath: string): string {
  return functions.replace('NODE PROGRAM', () => `${quoted(nodePath)} ${quoted(programPath)}`);
}

/** Quotes a word so that the shell reads it literally. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
