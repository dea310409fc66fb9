/** The functions of the original `database/persistence.sh`, each a call of this program. */
import functions from './persistence-functions.sh';

/**
 * Shell code to be evaluated.
 *
 * @param nodePath - the Node that runs this program
 * @param programPath - the program's file: it need not be on the PATH
 */
export function persistenceFunctions(nodePath: string, programPath: string): string {
  return functions.replace('NODE PROGRAM', () => `${quoted(nodePath)} ${quoted(programPath)}`);
}

/** A word that the shell reads as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
