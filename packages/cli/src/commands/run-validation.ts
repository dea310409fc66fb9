import { readFile } from 'node:fs/promises';
import type { InputFile } from '@ggen-sim/agents';
import { defineCommand, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { files, optionalText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';

export const runValidation: Command = defineCommand({
  name: 'run-agent validation',
  summary: 'Validate RDF against SHACL shapes and keep the receipt',
  notes:
    'Reads Turtle, N-Triples, N-Quads and TriG. Prints the receipt on stdout and what was found on stderr. Without ' +
    'any shape to validate against, the status is partial: nothing was validated, nothing passed.',
  usesDatabase: true,
  ownExitCodes: {
    [exitCodes.ok]: 'ok: it conforms, or there was nothing to validate against (see the status)',
    [exitCodes.failed]: 'the run failed, for instance at a syntax error',
    [exitCodes.violations]: 'the spec violates its shapes',
  },
  positionals: {},
  flags: {
    spec: files({ placeholder: 'FILE', isRequired: true, description: 'the ontology to validate' }),
    shapes: files({
      placeholder: 'FILE',
      isRequired: false,
      description: 'SHACL shapes (default: those in the spec)',
    }),
    agentId: optionalText({ description: 'who runs (default: validator-1)' }),
    executionId: optionalText({ description: 'name of this run, unique among all (default: a UUID)' }),
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
    if (run.receiptId !== null) await context.stdout.line(await database.getReceipt(run.receiptId));
    const { explainRun } = await import('../output/validation-summary.ts');
    for (const line of explainRun(run, shortenIris)) context.notice(line);
    if (run.error !== null) throw run.error;
    return run.conforms === false ? exitCodes.violations : exitCodes.ok;
  },
});

async function readInputs(paths: readonly string[]): Promise<InputFile[]> {
  return Promise.all(paths.map(async (path) => ({ name: path, content: await readFile(path) })));
}
