import type { Term } from '@rdfjs/types';

const XSD_STRING = 'http://www.w3.org/2001/XMLSchema#string';

/** A term as N-Triples writes it, blank nodes under the labels given. */
export function renderTerm(term: Term, labels: ReadonlyMap<string, string>): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${term.value}>`;
    case 'BlankNode':
      return `_:${labels.get(term.value) ?? term.value}`;
    case 'Literal': {
      const text = `"${term.value.replace(/["\\\n\r]/g, (character) => ESCAPES.get(character) ?? character)}"`;
      if (term.language !== '') return `${text}@${term.language}`;
      return term.datatype.value === XSD_STRING ? text : `${text}^^<${term.datatype.value}>`;
    }
    default:
      return term.value;
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
]);

const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** Tells terms of one graph apart, and only those: blank nodes keep their labels as parsed. */
export function termKey(term: Term): string {
  return renderTerm(term, NO_LABELS);
}

/** Strings in code point order, the same in every locale. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    if (a.charCodeAt(index) !== b.charCodeAt(index)) {
      return (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0);
    }
  }
  return a.length - b.length;
}

/**
 * Shortens the full IRIs of a text to prefixed names, for people to read.
 *
 * @param text - with IRIs as `<http://…>`
 * @param prefixes - name to IRI; the longest IRI that fits wins
 */
export function shortenIris(text: string, prefixes: ReadonlyMap<string, string>): string {
  return text.replace(/<([^<>\s]+)>/g, (whole, iri: string) => {
    let best: readonly [prefix: string, namespace: string] | undefined;
    for (const entry of prefixes) {
      if (iri.startsWith(entry[1]) && entry[1].length > (best?.[1].length ?? 0)) best = entry;
    }
    if (best === undefined) return whole;
    const local = iri.slice(best[1].length);
    // A local name with anything else in it would need escapes, or would end elsewhere when read again.
    return /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$/u.test(local) ? `${best[0]}:${local}` : whole;
  });
}
