import type { InputFile } from '../src/index.ts';

/** Prefixes of the tests' documents, on one line so that lines are easy to count. */
export const PREFIXES: string = [
  '@prefix ex: <http://example.org/> .',
  '@prefix sh: <http://www.w3.org/ns/shacl#> .',
  '@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .',
  '@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .',
  '@prefix owl: <http://www.w3.org/2002/07/owl#> .',
  '@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .',
].join(' ');

/** Makes a Turtle document with the prefixes above. */
export function turtle(body: string, name = 'doc.ttl'): InputFile {
  return { name, content: `${PREFIXES}\n${body}` };
}

/** Returns the IRI of a name in `ex:`, as violations write it. */
export function ex(name: string): string {
  return `<http://example.org/${name}>`;
}
