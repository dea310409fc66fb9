import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- crash-tests -->';
const END = '<!-- /crash-tests -->';

/**
 * Writes the numbers of a run between the markers of a document.
 * @throws Error if a marker is missing; the document then stays the same
 */
export function writeNumbers(documentPath: string, numbers: string): void {
  const text = readFileSync(documentPath, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`${documentPath} lacks the markers ${BEGIN} … ${END}`);
  }
  writeFileSync(documentPath, `${before}${BEGIN}\n\n${numbers}\n\n${END}${after}`);
}
