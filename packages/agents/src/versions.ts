import packageJson from '../package.json' with { type: 'json' };

const { version, dependencies } = packageJson;

/** Versions of this package and of the libraries that decide what a run finds, for receipts. */
export const VERSIONS: Readonly<Record<string, string>> = {
  '@ggen-sim/agents': version,
  'jsonld-streaming-parser': dependencies['jsonld-streaming-parser'],
  n3: dependencies.n3,
  oxigraph: dependencies.oxigraph,
  'rdf-canonize': dependencies['rdf-canonize'],
  'rdfxml-streaming-parser': dependencies['rdfxml-streaming-parser'],
  'rdf-validate-shacl': dependencies['rdf-validate-shacl'],
};
