import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- crash-tests -->';
const END = '<!-- /crash-tests -->';

/**
 * Puts the numbers of a run between the markers of a document.
 * @throws Error when the markers are missing, before anything is written
 */
export function writeNumbers(documentPath: string, numbers: string): void {
  const text = readFileSync(documentPath, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`${documentPath} has no place for the numbers (${BEGIN} … ${END})`);
  }
  writeFileSync(documentPath, `${before}${BEGIN}\n\n${numbers}\n\n${END}${after}`);
}
