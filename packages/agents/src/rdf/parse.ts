import type { BlankNode, DataFactory, NamedNode, Quad } from '@rdfjs/types';
import type { ParseError, Parser } from 'n3';
import { AgentError, withOthers } from '../errors.ts';
import { Pauses } from '../pauses.ts';
import { withFurtherErrors } from './further-errors.ts';
import type { RdfFormat, ReadableInput } from './input-file.ts';
import { type Contexts, isStreamed, parseStreamed } from './parse-streamed.ts';
import { QuadTable } from './quad-table.ts';
import { syntaxErrorOf } from './syntax-error.ts';
import type { TermTable } from './term-table.ts';
import { literalInLanguage } from './terms.ts';
import { tokenRules } from './token-rules.ts';

/** Depth of triple terms in each other. The SPARQL engine takes 500 in Node; beyond 1,000, its stack overflows. */
const MAX_TRIPLE_TERM_DEPTH = 100;

/** Parsed document. */
export interface ParsedDocument {
  readonly format: RdfFormat;
  readonly quads: QuadTable;
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

/** Settings of {@link parseRdf}. */
export interface ParseOptions {
  /** Prefix of the document's blank node labels, so that they differ from other documents' labels. @default '' */
  readonly blankNodeScope?: string;
  /** @default that of the document's name */
  readonly baseIRI?: string;
  /** JSON-LD contexts that are given. */
  readonly contexts?: Contexts;
  /** Table that gets the document's terms. @default one of its own */
  readonly terms?: TermTable;
  readonly pauses?: Pauses;
}

/**
 * Parses a document strictly by its format. Of its text, only a part is in memory at a time.
 *
 * @throws {AgentError} SYNTAX_ERROR, UNSUPPORTED_RDF: the first error in the text, with further ones in `others`; IO_ERROR: a
 *   context is missing; MEMORY_LIMIT; ABORTED
 */
export async function parseRdf(
  input: ReadableInput,
  {
    blankNodeScope = '',
    baseIRI = baseIriOf(input.baseName),
    contexts = new Map(),
    terms,
    pauses = new Pauses(undefined),
  }: ParseOptions = {},
): Promise<ParsedDocument> {
  const { DataFactory, Parser } = await import('n3');
  const factory = caseKeepingFactory(DataFactory);
  const quads = new QuadTable(DataFactory, terms);
  if (isStreamed(input.format)) {
    let made = 0;
    const blankNode = (label?: string): BlankNode => {
      made += 1;
      return DataFactory.blankNode(
        label === undefined ? `${blankNodeScope}${made}` : `${blankNodeScope}_${label}`,
      );
    };
    await parseStreamed(input, {
      baseIRI,
      factory: { ...factory, blankNode },
      contexts,
      onQuad: (quad) => quads.add(quad),
      pauses,
    });
    return { format: input.format, quads, prefixes: new Map() };
  }
  const prefixes = new Map<string, string>();
  const parse = (
    part: ReadableInput,
    parts: Iterable<string>,
    onQuad: (quad: Quad) => void,
  ): Promise<AgentError | undefined> => {
    const parser = new Parser({
      format: input.format,
      baseIRI,
      blankNodePrefix: blankNodeScope,
      factory,
      maxTripleTermDepth: MAX_TRIPLE_TERM_DEPTH,
    });
    const onPrefix: OnPrefix = (prefix, iri) => {
      prefixes.set(prefix, iri.value);
    };
    return firstErrorIn(parser, part, { parts, onQuad, onPrefix, pauses });
  };
  if ((await parse(input, input.parts(), (quad) => quads.add(quad))) === undefined)
    return { format: input.format, quads, prefixes };
  // Positions count from the beginning of the text, so it is read again as a whole.
  prefixes.clear();
  const errorIn = (text: string): Promise<AgentError | undefined> => {
    const whole = { ...input, text };
    return parse(whole, [text], () => undefined);
  };
  const error = await errorIn(input.text);
  if (error === undefined)
    throw new AgentError('INTERNAL', `The parts of "${input.baseName}" cannot be read`);
  throw withOthers(await withFurtherErrors(input, error, prefixes, errorIn));
}

type OnPrefix = (prefix: string, iri: Pick<NamedNode, 'value'>) => void;

/** What is done with a text. */
interface Reading {
  readonly parts: Iterable<string>;
  readonly onQuad: (quad: Quad) => void;
  readonly onPrefix: OnPrefix;
  readonly pauses: Pauses;
}

/** Parses a text up to its first error. */
async function firstErrorIn(
  parser: Parser,
  input: ReadableInput,
  { parts, onQuad, onPrefix, pauses }: Reading,
): Promise<AgentError | undefined> {
  const check = tokenRules(input);
  const source = new TextSource();
  let refused: AgentError | undefined;
  let failed: ParseError | undefined;
  parser.parse(source, {
    onToken: (token) => {
      refused ??= check(token);
    },
    onPrefix,
    onQuad: (error: ParseError | null, quad: Quad | null) => {
      if (refused !== undefined) return;
      if (error !== null) failed ??= error;
      else if (quad !== null) onQuad(quad);
    },
  });
  for (const part of parts) {
    source.add(part);
    if (refused !== undefined || failed !== undefined) break;
    await pauses.pauseIfDue();
  }
  if (refused === undefined && failed === undefined) source.end();
  return refused ?? (failed && syntaxErrorOf(input, failed));
}

/** Text that comes in parts, as n3 reads it. */
class TextSource {
  #onPart: (part: string) => void = () => undefined;
  #onEnd: () => void = () => undefined;

  on(event: 'data' | 'end' | 'error', listener: (part: string) => void): void {
    if (event === 'data') this.#onPart = listener;
    if (event === 'end') this.#onEnd = listener as () => void;
  }

  add(part: string): void {
    this.#onPart(part);
  }

  end(): void {
    this.#onEnd();
  }
}

/** Makes terms whose language tags are as documents have them: n3's own are in lower case, which RDFC-1.0 would hash. */
function caseKeepingFactory(terms: DataFactory): DataFactory {
  return {
    ...terms,
    literal: (value, given) => {
      if (typeof given === 'string') return literalInLanguage(value, { language: given }, terms);
      if (given === undefined || 'termType' in given) return terms.literal(value, given);
      return literalInLanguage(value, given, terms);
    },
  };
}
