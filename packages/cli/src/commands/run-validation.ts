import { readFile } from 'node:fs/promises';
import type { InputFile } from '@ggen-sim/agents';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { files, optionalText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';

export const runValidation: Command = defineCommand({
  name: 'run-agent validation',
  summary: 'Validate RDF against SHACL shapes and save a receipt',
  notes:
    'Reads Turtle, N-Triples, N-Quads and TriG. Prints the receipt on stdout and the violations on stderr. Without ' +
    'any shapes, nothing is validated and the status is partial.',
  usesDatabase: true,
  ownExitCodes: {
    [EXIT_CODES.ok]: 'conforms, or there were no shapes to validate against (see the status)',
    [EXIT_CODES.failed]: 'the run failed, for instance because of a syntax error',
    [EXIT_CODES.violations]: 'violations were found',
  },
  positionals: {},
  options: {
    spec: files({ placeholder: 'FILE', isRequired: true, description: 'file to validate' }),
    shapes: files({
      placeholder: 'FILE',
      isRequired: false,
      description: 'file with SHACL shapes (default: the shapes in --spec)',
    }),
    agentId: optionalText({ description: 'agent that runs (default: validator-1)' }),
    executionId: optionalText({ description: 'id of this run, unique among all receipts (default: a UUID)' }),
  },
  examples: [
    'ggen-sim run-agent validation --spec ontology.ttl --shapes shapes.ttl',
    "ggen-sim run-agent validation --spec ontology.ttl | jq '.violations[] | {focus_node, path, message}'",
  ],
  async run({ spec, shapes, agentId, executionId }, context) {
    const specs = await readInputs(spec);
    const shapesGiven = shapes.length === 0 ? undefined : await readInputs(shapes);
    await using database = await context.openDatabase();
    const { runValidation: runAgent, shortenIris } = await import('@ggen-sim/agents');
    const { signal } = context.longOperation();
    const run = await runAgent(database, {
      specs,
      ...omitUndefined({ shapes: shapesGiven, agentId, executionId, signal }),
    });
    if (run.receiptId !== null) await context.stdout.writeLine(await database.getReceipt(run.receiptId));
    const { explainRun } = await import('../output/validation-summary.ts');
    for (const line of explainRun(run, shortenIris)) context.printNotice(line);
    if (run.error !== null) throw run.error;
    return run.conforms === false ? EXIT_CODES.violations : EXIT_CODES.ok;
  },
});

async function readInputs(paths: readonly string[]): Promise<InputFile[]> {
  return Promise.all(paths.map(async (path) => ({ name: path, content: await readFile(path) })));
}
