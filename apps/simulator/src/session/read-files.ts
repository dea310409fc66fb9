import { guessRole, type NewDocument } from './session.ts';

/** File extensions the agents read; of one document the name tells the format. */
export const DOCUMENT_EXTENSIONS = '.ttl,.nt,.nq,.trig';

/** A file that could not become a document, and why. */
export interface RefusedFile {
  readonly name: string;
  readonly reason: string;
}

/** Reads files (chosen or dropped) as documents. What is not UTF-8 text of a known format is refused by name. */
export async function readFiles(
  files: readonly File[],
): Promise<{ documents: NewDocument[]; refused: RefusedFile[] }> {
  const documents: NewDocument[] = [];
  const refused: RefusedFile[] = [];
  for (const file of files) {
    if (!/\.(?:ttl|nt|nq|trig)$/i.test(file.name)) {
      refused.push({ name: file.name, reason: 'its name ends in none of .ttl, .nt, .nq, .trig' });
      continue;
    }
    try {
      const content = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
      documents.push({ name: file.name, role: guessRole(file.name, content), content });
    } catch (error) {
      const reason = error instanceof TypeError ? 'it is not UTF-8 text' : (error as Error).message;
      refused.push({ name: file.name, reason });
    }
  }
  return { documents, refused };
}
