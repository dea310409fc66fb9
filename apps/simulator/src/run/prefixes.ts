import type { SessionDocument } from '../session/session.ts';

/** Prefixes that messages use even when no document declares them. */
const COMMON_PREFIXES: readonly (readonly [string, string])[] = [
  ['xsd', 'http://www.w3.org/2001/XMLSchema#'],
  ['sh', 'http://www.w3.org/ns/shacl#'],
];

const DECLARATION = /^[ \t]*@?prefix[ \t]+([\p{L}\p{N}_.-]*):[ \t]*<([^<>\s]+)>/gimu;

/** Maps the prefixes that documents declare to their IRIs; the first declaration wins. Serves only to shorten IRIs. */
export function prefixesOf(documents: readonly SessionDocument[]): ReadonlyMap<string, string> {
  const prefixes = new Map(COMMON_PREFIXES);
  for (const { content } of documents) {
    for (const [, prefix = '', iri = ''] of content.matchAll(DECLARATION)) {
      if (!prefixes.has(prefix)) prefixes.set(prefix, iri);
    }
  }
  return prefixes;
}
