import type { DataFactory, Quad } from '@rdfjs/types';
import type { XmlTag } from 'rdfxml-streaming-parser';
import { AgentError } from '../errors.ts';
import type { ReadableInput } from './input-file.ts';
import type { Pauses } from '../pauses.ts';
import { locationAt, positionAt } from './syntax-error.ts';

/** Texts of JSON-LD contexts that were given, by IRI. */
export type Contexts = ReadonlyMap<string, string>;

/** Settings of {@link parseStreamed}. */
export interface StreamedOptions {
  readonly baseIRI: string;
  /** Makes terms, blank nodes under labels of the document. */
  readonly factory: DataFactory;
  readonly contexts: Contexts;
  readonly onQuad: (quad: Quad) => void;
  readonly pauses: Pauses;
}

/** Part of the parsers that is used here. */
interface StreamParser {
  on(event: 'data', listener: (quad: Quad) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  write(text: string): unknown;
  end(): unknown;
}

/** Formats that n3 does not read. */
export function isStreamed(format: string): format is 'RDF/XML' | 'JSON-LD' {
  return format === 'RDF/XML' || format === 'JSON-LD';
}

/**
 * Parses RDF/XML or JSON-LD. No context is loaded from the network.
 *
 * @throws {AgentError} SYNTAX_ERROR, UNSUPPORTED_RDF, IO_ERROR: a context is missing
 */
export async function parseStreamed(input: ReadableInput, options: StreamedOptions): Promise<void> {
  if (isBlank(input)) throw syntaxError(input, 'The document is empty', { line: 1, column: 0 });
  return input.format === 'JSON-LD' ? parseJsonLd(input, options) : parseRdfXml(input, options);
}

function isBlank({ parts }: ReadableInput): boolean {
  for (const part of parts()) if (part.trim() !== '') return false;
  return true;
}

async function parseRdfXml(input: ReadableInput, options: StreamedOptions): Promise<void> {
  const { baseIRI, factory } = options;
  const { RdfXmlParser } = await import('rdfxml-streaming-parser');
  /** Keeps the case of language tags, which the parser writes in lower case, and which RDFC-1.0 hashes. */
  class CaseKeepingParser extends RdfXmlParser {
    override onTag(tag: XmlTag): void {
      const language = tag.attributes['xml:lang'];
      if (language !== undefined) language.value = withMarkedCase(language.value);
      super.onTag(tag);
    }
  }
  const dataFactory = withPlainLanguages(factory, withRestoredCase);
  const parser = new CaseKeepingParser({ baseIRI, dataFactory, trackPosition: true });
  const convert = (error: Error): AgentError => {
    const [, line, column, text] = /^(?:Line )?(\d+)(?::| column )(\d+): ([^]*)$/.exec(error.message) ?? [];
    const position = { line: Number(line ?? 1), column: Math.max(0, Number(column ?? 1) - 1) };
    return syntaxError(input, sentence(text ?? error.message), position, error);
  };
  // The parser itself accepts a document that ends in the middle of an element.
  await collect(parser, input, { ...options, convert, close: () => parser.saxParser.close() });
}

async function parseJsonLd(input: ReadableInput, options: StreamedOptions): Promise<void> {
  const { baseIRI, factory, contexts } = options;
  const { JsonLdParser } = await import('jsonld-streaming-parser');
  let missing: string | undefined;
  const documentLoader = {
    load: async (iri: string): Promise<unknown> => {
      const context = contexts.get(iri);
      if (context !== undefined) return JSON.parse(context) as unknown;
      missing ??= iri;
      throw new Error('a context is missing');
    },
  };
  const dataFactory = withPlainLanguages(factory, (tag) => tag);
  const parser = new JsonLdParser({ baseIRI, dataFactory, documentLoader });
  const convert = (error: Error): AgentError => {
    if (missing !== undefined) {
      return new AgentError('IO_ERROR', `The context <${missing}> is not given`, {
        cause: error,
        file: input.name,
        hint: 'Nothing is loaded from the network: give the context as an import with its IRI.',
      });
    }
    const [, byte] = / at position (\d+) in state \w+$/.exec(error.message) ?? [];
    const isUnclosed = error.message === 'Unclosed document';
    if (byte === undefined && !isUnclosed) {
      return new AgentError('SYNTAX_ERROR', sentence(error.message), { cause: error, file: input.name });
    }
    const bytes = new TextEncoder().encode(input.text);
    const before = new TextDecoder().decode(bytes.subarray(0, isUnclosed ? bytes.length : Number(byte)));
    const problem = isUnclosed ? 'The document is not complete' : 'The document is not JSON';
    return syntaxError(input, problem, positionAt(before), error);
  };
  await collect(parser, input, { ...options, convert });
}

/** What is done with a document. */
interface Reading extends Pick<StreamedOptions, 'onQuad' | 'pauses'> {
  readonly convert: (error: Error) => AgentError;
  readonly close?: () => void;
}

async function collect(
  parser: StreamParser,
  input: ReadableInput,
  { onQuad, pauses, convert, close }: Reading,
): Promise<void> {
  let failure: unknown;
  const ended = new Promise<void>((resolve) => {
    const fail = (error: unknown): void => {
      failure ??= error instanceof AgentError ? error : convert(error as Error);
      resolve();
    };
    parser.on('data', (quad) => {
      if (failure !== undefined) return;
      if ([quad.subject, quad.object].some((term) => term.termType === 'Quad'))
        fail(
          new AgentError('UNSUPPORTED_RDF', 'Triple terms of RDF 1.2 are not supported', {
            file: input.name,
          }),
        );
      else onQuad(quad);
    });
    parser.on('error', fail);
    parser.on('end', () => {
      try {
        close?.();
      } catch (error) {
        fail(error);
      }
      resolve();
    });
  });
  try {
    for (const part of input.parts()) {
      parser.write(part);
      // The parsers work when the event loop runs, and would keep all parts until then.
      await pauses.pause();
      if (failure !== undefined) break;
    }
    if (failure === undefined) parser.end();
  } catch (error) {
    failure ??= error instanceof AgentError ? error : convert(error as Error);
  }
  if (failure === undefined) await ended;
  if (failure !== undefined) throw failure as Error;
}

/**
 * Makes literals of what the parsers give: a language tag with a direction beside it, or null for none.
 *
 * @param restore - returns the language tag of the document
 */
function withPlainLanguages(factory: DataFactory, restore: (tag: string) => string): DataFactory {
  return {
    ...factory,
    literal: (value, given) => {
      const language = given ?? undefined;
      if (typeof language === 'string') return factory.literal(value, restore(language));
      if (language === undefined || !('language' in language)) return factory.literal(value, language);
      if (language.direction)
        throw new AgentError('UNSUPPORTED_RDF', 'Base directions of RDF 1.2 are not supported');
      return factory.literal(value, restore(language.language));
    },
  };
}

/** Writes which characters of a language tag are upper case after it, by digits, which have no case. */
function withMarkedCase(tag: string): string {
  const cases = Array.from(tag, (character) => (character === character.toLowerCase() ? '0' : '1')).join('');
  return cases.includes('1') ? `${tag}|${cases}` : tag;
}

function withRestoredCase(marked: string): string {
  const [tag = '', cases = ''] = marked.split('|');
  return Array.from(tag, (character, index) =>
    cases[index] === '1' ? character.toUpperCase() : character,
  ).join('');
}

function syntaxError(
  input: ReadableInput,
  message: string,
  position: { readonly line: number; readonly column: number },
  cause?: Error,
): AgentError {
  return new AgentError('SYNTAX_ERROR', message, { cause, location: locationAt(input, position, null) });
}

/** Begins with an upper-case letter and has no full stop, like every message. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/\.$/, '');
}
