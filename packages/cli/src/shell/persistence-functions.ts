/** Functions of the original `database/persistence.sh`, each as a call of this program. */
import functions from './persistence-functions.sh';
import { quoted } from './quoted-word.ts';

/**
 * Writes the functions as shell code to evaluate.
 *
 * @param nodePath - the Node executable that runs this program
 * @param programPath - this program's file, which need not be on the PATH
 */
export function persistenceFunctions(nodePath: string, programPath: string): string {
  return functions.replace('NODE PROGRAM', () => `${quoted(nodePath)} ${quoted(programPath)}`);
}
