import type { BaseQuad, BlankNode, DataFactory, Literal, NamedNode, Quad, Term } from '@rdfjs/types';
import { RDF } from './namespaces.ts';

const XSD_STRING = 'http://www.w3.org/2001/XMLSchema#string';

/** Triple term of RDF 1.2, which RDF/JS calls a quad. */
type TripleTerm = Pick<BaseQuad, 'subject' | 'predicate' | 'object'>;

/** Language tag of a literal, with its base direction (RDF 1.2) if it has one. */
interface Language {
  readonly language: string;
  readonly direction?: Literal['direction'];
}

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
      if (term.language !== '') return `${text}@${term.language.toLowerCase()}${directionSuffix(term)}`;
      return term.datatype.value === XSD_STRING ? text : `${text}^^<${term.datatype.value}>`;
    }
    case 'Quad':
      return tripleTermText(term, (each) => renderTerm(each, labels));
    default:
      return term.value;
  }
}

const TRIPLE_TERM_START = '<<( ';
const TRIPLE_TERM_END = ' )>>';

function tripleTermText({ subject, predicate, object }: TripleTerm, write: (term: Term) => string): string {
  return `${TRIPLE_TERM_START}${write(subject)} ${write(predicate)} ${write(object)}${TRIPLE_TERM_END}`;
}

function directionSuffix({ direction }: Language): string {
  return direction === 'ltr' || direction === 'rtl' ? `--${direction}` : '';
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

/**
 * Writes a term in canonical N-Quads (RDF Dataset Canonicalization, section 6), blank nodes under the labels that the parser
 * gave, and the default graph as the empty text. Language tags keep their case, which RDFC-1.0 hashes. Triple terms and base
 * directions, for which that has no form, are as in N-Quads of RDF 1.2.
 */
export function canonicalText(term: Term): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${escaped(term.value, IRI_ESCAPES)}>`;
    case 'BlankNode':
      return `_:${term.value}`;
    case 'Literal': {
      const text = `"${escaped(term.value, LITERAL_ESCAPES)}"`;
      if (term.language !== '') return `${text}@${term.language}${directionSuffix(term)}`;
      const { value } = term.datatype;
      return value === XSD_STRING ? text : `${text}^^<${escaped(value, IRI_ESCAPES)}>`;
    }
    case 'Quad':
      return tripleTermText(term, canonicalText);
    default:
      return '';
  }
}

/** Makes the term of a text that {@link canonicalText} wrote. */
export function termOfText(text: string, terms: DataFactory): Term {
  switch (text.charAt(0)) {
    case '<':
      if (text.startsWith(TRIPLE_TERM_START)) return tripleTermOf(text, terms);
      return terms.namedNode(unescaped(text.slice(1, -1)));
    case '_':
      return terms.blankNode(text.slice(2));
    case '"': {
      const end = text.lastIndexOf('"');
      const value = unescaped(text.slice(1, end));
      const suffix = text.slice(end + 1);
      if (suffix === '') return terms.literal(value);
      return suffix.startsWith('@')
        ? literalInLanguage(value, languageOf(suffix.slice(1)), terms)
        : terms.literal(value, terms.namedNode(unescaped(suffix.slice(3, -1))));
    }
    default:
      return terms.defaultGraph();
  }
}

/** Reads a triple term. Nothing but the strings in it can contain its marks, so its parts are read one after another. */
function tripleTermOf(text: string, terms: DataFactory): Term {
  let at = 0;
  const next = (): Term => {
    if (!text.startsWith(TRIPLE_TERM_START, at)) {
      const start = at;
      at = endOfTerm(text, start);
      return termOfText(text.slice(start, at), terms);
    }
    at += TRIPLE_TERM_START.length;
    const subject = next();
    at += 1;
    const predicate = next();
    at += 1;
    const object = next();
    at += TRIPLE_TERM_END.length;
    return terms.quad(subject as Quad['subject'], predicate as Quad['predicate'], object as Quad['object']);
  };
  return next();
}

/** Returns the end of an IRI, blank node or literal that a space follows. */
function endOfTerm(text: string, start: number): number {
  let end = start;
  if (text.charAt(start) === '"') {
    do end = text.indexOf('"', end + 1);
    while (isEscaped(text, end));
  }
  return text.indexOf(' ', end);
}

function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charAt(start - 1) === '\\') start -= 1;
  return (at - start) % 2 === 1;
}

/** Reads a language tag with or without a direction. No tag of its own has two hyphens in a row (BCP 47, section 2.1). */
function languageOf(tag: string): Language {
  const [language = '', direction] = tag.split('--');
  return direction === 'ltr' || direction === 'rtl' ? { language, direction } : { language };
}

/** Makes a literal whose language tag is as it is given: n3's own are in lower case, which RDFC-1.0 would hash. */
export function literalInLanguage(value: string, given: Language, terms: DataFactory): Literal {
  const { language } = given;
  const direction = given.direction ?? '';
  if (language === language.toLowerCase())
    return terms.literal(value, direction === '' ? language : { language, direction });
  const datatype: NamedNode = terms.namedNode(`${RDF}${direction === '' ? 'langString' : 'dirLangString'}`);
  return {
    termType: 'Literal',
    value,
    language,
    direction,
    datatype,
    equals: (other) =>
      other?.termType === 'Literal' &&
      other.value === value &&
      other.language === language &&
      (other.direction ?? '') === direction,
  };
}

/** Returns a term with all its language tags in lower case: the same term when they are. */
export function withPlainLanguages(term: Term, terms: DataFactory): Term {
  if (term.termType === 'Literal') {
    const language = term.language.toLowerCase();
    return language === term.language
      ? term
      : literalInLanguage(term.value, { language, direction: term.direction ?? '' }, terms);
  }
  if (term.termType !== 'Quad') return term;
  const object = withPlainLanguages(term.object, terms);
  return object === term.object
    ? term
    : terms.quad(
        term.subject as Quad['subject'],
        term.predicate as Quad['predicate'],
        object as Quad['object'],
      );
}

/** Returns a blank node as it is, and those in a triple term. */
export function* blankNodesIn(term: Term): IterableIterator<BlankNode> {
  if (term.termType === 'BlankNode') yield term;
  if (term.termType !== 'Quad') return;
  yield* blankNodesIn(term.subject);
  yield* blankNodesIn(term.object);
}

export function hasBlankNode(term: Term): boolean {
  return blankNodesIn(term).next().done !== true;
}

// eslint-disable-next-line no-control-regex -- the characters that canonical N-Quads escapes
const LITERAL_ESCAPES = /[\u0000-\u001F\u007F"\\]/g;
// eslint-disable-next-line no-control-regex -- as above
const IRI_ESCAPES = /[\u0000-\u0020<>"{}|^`\\]/g;

function escaped(text: string, characters: RegExp): string {
  return text.replace(
    characters,
    (character) =>
      (characters === LITERAL_ESCAPES ? SHORT_ESCAPES.get(character) : undefined) ??
      `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(?:u([\dA-F]{4})|(.))/g, (_escape, code: string | undefined, short: string) =>
    code === undefined ? (UNESCAPED.get(short) ?? short) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);

/** Characters by what follows the reverse solidus. */
const UNESCAPED: ReadonlyMap<string, string> = new Map(
  Array.from(SHORT_ESCAPES, ([character, escape]) => [escape.charAt(1), character]),
);

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
