import type { BlankNode, DataFactory, Literal, NamedNode, Quad } from '@rdfjs/types';
import type { ParseError, Parser } from 'n3';
import { type AgentError, withOthers } from '../errors.ts';
import { withFurtherErrors } from './further-errors.ts';
import type { RdfFormat, ReadableInput } from './input-file.ts';
import { RDF } from './namespaces.ts';
import { type Contexts, isStreamed, parseStreamed } from './parse-streamed.ts';
import { syntaxErrorOf } from './syntax-error.ts';
import { tokenRules } from './token-rules.ts';

/** Parsed document. */
export interface ParsedDocument {
  readonly format: RdfFormat;
  readonly quads: readonly Quad[];
  /** IRIs of the prefixes that the document declares. */
  readonly prefixes: ReadonlyMap<string, string>;
}

/**
 * Returns the base of a document's relative IRIs (RFC 3986, section 5.1): its base name under a host that can never exist
 * (RFC 2606, section 2). The base is the same on every machine, and documents can refer to each other by name.
 *
 * @param sha256 - of the document, if another one has its name: then the base has a query, so that `<#it>` of both is not
 *   one node
 */
export function baseIriOf(baseName: string, sha256?: string): string {
  const query = sha256 === undefined ? '' : `?sha256=${sha256}`;
  return `https://ggen-sim.invalid/${encodeURIComponent(baseName)}${query}`;
}

/**
 * Parses a document strictly by its format.
 *
 * @param blankNodeScope - prefix of the document's blank node labels, so that they differ from other documents' labels
 * @param contexts - JSON-LD contexts that are given
 * @throws {AgentError} SYNTAX_ERROR, UNSUPPORTED_RDF: the first error in the text, with further ones in `others`; IO_ERROR: a
 *   context is missing
 */
export async function parseRdf(
  input: ReadableInput,
  blankNodeScope: string,
  baseIRI: string = baseIriOf(input.baseName),
  contexts: Contexts = new Map(),
): Promise<ParsedDocument> {
  const { DataFactory, Parser } = await import('n3');
  const factory = termFactory(DataFactory);
  if (isStreamed(input.format)) {
    let made = 0;
    const blankNode = (label?: string): BlankNode => {
      made += 1;
      return DataFactory.blankNode(
        label === undefined ? `${blankNodeScope}${made}` : `${blankNodeScope}_${label}`,
      );
    };
    const quads = await parseStreamed(input, { baseIRI, factory: { ...factory, blankNode }, contexts });
    return { format: input.format, quads, prefixes: new Map() };
  }
  const prefixes = new Map<string, string>();
  const quads: Quad[] = [];
  const parse = (part: ReadableInput, onQuad: (quad: Quad) => void): Promise<AgentError | undefined> => {
    const parser = new Parser({ format: input.format, baseIRI, blankNodePrefix: blankNodeScope, factory });
    const onPrefix: OnPrefix = (prefix, iri) => {
      prefixes.set(prefix, iri.value);
    };
    return firstErrorIn(parser, part, { onQuad, onPrefix });
  };
  const error = await parse(input, (quad) => quads.push(quad));
  if (error === undefined) return { format: input.format, quads, prefixes };
  quads.length = 0;
  throw withOthers(
    await withFurtherErrors(input, error, prefixes, (text) => parse({ ...input, text }, () => undefined)),
  );
}

type OnPrefix = (prefix: string, iri: Pick<NamedNode, 'value'>) => void;

/** Parses a text up to its first error. */
function firstErrorIn(
  parser: Parser,
  input: ReadableInput,
  { onQuad, onPrefix }: { readonly onQuad: (quad: Quad) => void; readonly onPrefix: OnPrefix },
): Promise<AgentError | undefined> {
  const check = tokenRules(input);
  return new Promise((resolve) => {
    let refused: AgentError | undefined;
    parser.parse(input.text, {
      onToken: (token) => {
        refused ??= check(token);
      },
      onPrefix,
      onQuad: (error: ParseError | null, quad: Quad | null) => {
        if (refused !== undefined) resolve(refused);
        else if (error !== null) resolve(syntaxErrorOf(input, error));
        else if (quad === null) resolve(undefined);
        else onQuad(quad);
      },
    });
  });
}

/**
 * Makes terms, one for each IRI, because large documents have the same ones in most statements. Language tags are as documents
 * have them: n3's own are in lower case, which RDFC-1.0 would hash.
 */
function termFactory(terms: DataFactory): DataFactory {
  const named = new Map<string, NamedNode>();
  return {
    ...terms,
    namedNode: <Iri extends string>(iri: Iri): NamedNode<Iri> => {
      const known = named.get(iri) ?? terms.namedNode(iri);
      named.set(iri, known);
      return known as NamedNode<Iri>;
    },
    literal: (value, language) =>
      typeof language === 'string' && language !== language.toLowerCase()
        ? literalWithCase(value, language, terms.namedNode(`${RDF}langString`))
        : terms.literal(value, language),
  };
}

/** Makes a literal whose language tag is as the document has it. */
function literalWithCase(value: string, language: string, datatype: NamedNode): Literal {
  return {
    termType: 'Literal',
    value,
    language,
    datatype,
    equals: (other) => other?.termType === 'Literal' && other.value === value && other.language === language,
  };
}
