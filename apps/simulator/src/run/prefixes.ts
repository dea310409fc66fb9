import type { SessionDocument } from '../session/session.ts';

/** What messages speak of although documents need not declare it. */
const COMMON: readonly (readonly [string, string])[] = [
  ['xsd', 'http://www.w3.org/2001/XMLSchema#'],
  ['sh', 'http://www.w3.org/ns/shacl#'],
];

const DECLARATION = /^[ \t]*@?prefix[ \t]+([\p{L}\p{N}_.-]*):[ \t]*<([^<>\s]+)>/gimu;

/** The prefixes that documents declare, name to IRI, the first declaration before later ones. Only to show IRIs short. */
export function prefixesOf(documents: readonly SessionDocument[]): ReadonlyMap<string, string> {
  const prefixes = new Map(COMMON);
  for (const { content } of documents) {
    for (const [, prefix = '', iri = ''] of content.matchAll(DECLARATION)) {
      if (!prefixes.has(prefix)) prefixes.set(prefix, iri);
    }
  }
  return prefixes;
}
