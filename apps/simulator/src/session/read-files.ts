import { guessRole, type NewDocument } from './session.ts';

/** File extensions of the formats that the agents read: RDF, and queries of SPARQL. */
export const DOCUMENT_EXTENSIONS = '.ttl,.nt,.nq,.trig,.rdf,.owl,.jsonld,.rq';

/** A file that could not be added as a document. */
export interface RejectedFile {
  readonly name: string;
  readonly reason: string;
}

/** Reads files as documents. Rejects files that are not UTF-8 text in a known format. */
export async function readFiles(
  files: readonly File[],
): Promise<{ documents: NewDocument[]; rejected: RejectedFile[] }> {
  const documents: NewDocument[] = [];
  const rejected: RejectedFile[] = [];
  for (const file of files) {
    if (!DOCUMENT_EXTENSIONS.split(',').some((extension) => file.name.toLowerCase().endsWith(extension))) {
      rejected.push({
        name: file.name,
        reason: 'Only .ttl, .nt, .nq, .trig, .rdf, .owl, .jsonld and .rq files can be added.',
      });
      continue;
    }
    try {
      const content = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
      documents.push({ name: file.name, role: guessRole(file.name, content), content });
    } catch (error) {
      const reason = error instanceof TypeError ? 'The file is not UTF-8 text.' : (error as Error).message;
      rejected.push({ name: file.name, reason });
    }
  }
  return { documents, rejected };
}
