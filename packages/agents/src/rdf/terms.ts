import type { Quad, Term } from '@rdfjs/types';

const XSD_STRING = 'http://www.w3.org/2001/XMLSchema#string';

/**
 * Writes a term as N-Triples does, blank nodes under the given labels. Languages are in lower case: their case has no meaning
 * (RDF 1.1 Concepts, section 3.3).
 */
export function renderTerm(term: Term, labels: ReadonlyMap<string, string>): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${term.value}>`;
    case 'BlankNode':
      return `_:${labels.get(term.value) ?? term.value}`;
    case 'Literal': {
      const text = `"${term.value.replace(/["\\\n\r]/g, (character) => ESCAPES.get(character) ?? character)}"`;
      if (term.language !== '') return `${text}@${term.language.toLowerCase()}`;
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

/** Returns a key that is unique among the terms of one graph. Blank nodes keep the labels that the parser gave. */
export function termKey(term: Term): string {
  return renderTerm(term, NO_LABELS);
}

/** Leaves out statements that occur before. Those that differ in the case of a language tag are different statements. */
export function distinctQuads(quads: Iterable<Quad>): Quad[] {
  const distinct = new Map<string, Quad>();
  for (const quad of quads) {
    const { subject, predicate, object, graph } = quad;
    const language = object.termType === 'Literal' ? object.language : '';
    const key = `${termKey(subject)} ${predicate.value} ${termKey(object)}${language} ${termKey(graph)}`;
    if (!distinct.has(key)) distinct.set(key, quad);
  }
  return [...distinct.values()];
}

/** Orders strings by code point, the same in every locale. */
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
 * Shortens the full IRIs of a text to prefixed names, for display.
 *
 * @param text - with IRIs as `<http://…>`
 * @param prefixes - IRIs by prefix; the longest IRI that matches wins
 */
export function shortenIris(text: string, prefixes: ReadonlyMap<string, string>): string {
  return text.replace(/<([^<>\s]+)>/g, (whole, iri: string) => {
    let best: readonly [prefix: string, namespace: string] | undefined;
    for (const entry of prefixes) {
      if (iri.startsWith(entry[1]) && entry[1].length > (best?.[1].length ?? 0)) best = entry;
    }
    if (best === undefined) return whole;
    const local = iri.slice(best[1].length);
    // A local name with other characters would need escapes, or would be parsed differently.
    return /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$/u.test(local) ? `${best[0]}:${local}` : whole;
  });
}
