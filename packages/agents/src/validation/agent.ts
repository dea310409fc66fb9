import type { Agent } from '../agent.ts';
import { validationReports } from './reports.ts';
import type { ValidationInputs, ValidationOutcome } from './validate.ts';

/** Agent that validates RDF documents with SHACL. */
export const validation: Agent<ValidationInputs, ValidationOutcome> = {
  type: 'validation',
  operation: 'validate_ontology',
  defaultAgentId: 'validator-1',
  parameters: {
    spec: { isRequired: true, description: 'file to validate' },
    shapes: { isRequired: false, description: 'file with SHACL shapes (default: the shapes in --spec)' },
    import: {
      isRequired: false,
      hasIri: true,
      description:
        'file that others import by owl:imports, after its IRI unless it names its ontology; a folder, or an XML catalog; nothing is loaded from the network',
    },
    gates: {
      isRequired: false,
      description: 'SPARQL query on the data: ASK true is a violation, and so is each row of SELECT',
    },
  },
  help: {
    summary: 'Validate RDF against SHACL shapes and save a receipt',
    notes:
      'Reads Turtle, N-Triples, N-Quads, TriG, RDF/XML (.rdf, .owl) and JSON-LD. Prints the receipt on stdout and the violations on stderr. ' +
      'Without any shapes, nothing is validated and the status is partial.',
    examples: [
      '--spec ontology.ttl --shapes shapes.ttl',
      '--spec ontology.ttl --shapes shapes.ttl --format sarif --fail-on warning > results.sarif',
      '--spec ontology.ttl --gates no-orphans.rq one-owner.rq',
      "--spec ontology.ttl | jq '.violations[] | {focus_node, path, message}'",
    ],
    endings: {
      ok: 'conforms, or there were no shapes to validate against (see the status)',
      problems: 'violations were found (see --fail-on)',
      incomplete: 'no violations, but a part of the shapes was not evaluated',
      failed: 'the run failed, for instance because of a syntax error',
    },
  },
  async execute(inputs, signal, progress) {
    const { validate } = await import('./validate.ts');
    return validate(inputs, signal, progress);
  },
  async explain(run) {
    const { explainRun } = await import('./explain-run.ts');
    return explainRun(run);
  },
  reports: validationReports,
};
