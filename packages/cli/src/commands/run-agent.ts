/** The `run-agent` commands, made from the list of agents in `@ggen-sim/agents`. */
import type {
  Agent,
  AgentError,
  AgentInputs,
  AgentOutcome,
  AgentRun,
  InputFile,
  RunOptions,
  SourceLocation,
} from '@ggen-sim/agents';
import { AGENTS, type AgentType, type InputsOf } from '@ggen-sim/agents/registry';
import type { Persistence } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import { CommandFailure, failureLine, failureOf, messageWithLocation } from '../failures.ts';
import { readGgenProject } from '../ggen-project.ts';
import { readImports, readInputs } from '../input-files.ts';
import { OutputClosed } from '../output/data-output.ts';
import { choice, count, files, flag, optionalText, path } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';

/** One command for each agent. */
export const AGENT_COMMANDS: readonly Command[] = Object.values<Agent>(AGENTS).map(agentCommand);

function agentCommand(agent: Agent): Command {
  const { type, defaultAgentId, help, reports } = agent;
  const { formats = [], severities = ['violation'] } = reports ?? {};
  const mildest = severities.at(-1) ?? '';
  const parameters = Object.entries(agent.parameters);
  const options = {
    agentId: optionalText({ description: `agent that runs (default: ${defaultAgentId})` }),
    executionId: optionalText({ description: 'id of this run, unique among all receipts (default: a UUID)' }),
    timeLimit: count({
      default: 600,
      placeholder: 'SECONDS',
      description: 'time after which the run is ended; 0 for no limit',
    }),
    format: choice(['json', ...formats], {
      default: 'json',
      description: 'form of the result on stdout; json is the receipt',
    }),
    failOn: choice(severities, {
      default: mildest,
      placeholder: 'SEVERITY',
      description: `mildest severity of a result that makes the exit code ${EXIT_CODES.violations}`,
    }),
    config: path({
      placeholder: 'FILE',
      completes: 'files',
      description: 'ggen.toml whose gates, imports, base_iri and prefixes are used too',
    }),
    strict: flag({
      description: `exit with ${EXIT_CODES.incomplete} also when the status is partial for another reason`,
    }),
  };
  const documents = Object.fromEntries(
    parameters.map(([name, { hasIri = false, ...parameter }]) => [
      name,
      files({ placeholder: hasIri ? 'IRI=FILE' : 'FILE', ...parameter }),
    ]),
  );
  return defineCommand<{}, typeof options>({
    name: `run-agent ${type}`,
    summary: help.summary,
    notes: help.notes,
    database: 'created',
    ownExitCodes: {
      [EXIT_CODES.ok]: help.endings.ok,
      [EXIT_CODES.failed]: help.endings.failed,
      [EXIT_CODES.violations]: help.endings.problems,
      [EXIT_CODES.incomplete]: help.endings.incomplete,
      [EXIT_CODES.notSaved]: 'the run has ended and its receipt is printed, but it is not saved',
    },
    positionals: {},
    options: { ...documents, ...options },
    examples: help.examples.map((example) => `ggen-sim run-agent ${type} ${example}`),
    async run({ agentId, executionId, timeLimit, format, failOn, strict, config, ...paths }, context) {
      const timeLimitMs = timeLimit === 0 ? Infinity : timeLimit * 1000;
      const runOptions = omitUndefined({ agentId, executionId, timeLimitMs });
      const given = await readDocuments(agent, paths);
      const inputs = config === undefined ? given : await withProject(given, config);
      const finished = await run(agent, inputs, { ...runOptions, format }, context);
      return exitCodeOf(agent, finished, { strict, failOn });
    },
  });
}

function exitCodeOf(
  { reports }: Agent,
  finished: AgentRun<AgentOutcome>,
  { strict, failOn }: { readonly strict: boolean; readonly failOn: string },
): ExitCode {
  const { status, omitted } = finished;
  const { severities = [] } = reports ?? {};
  const worst = reports?.worstSeverity(finished) ?? null;
  const isMilder = worst !== null && severities.indexOf(worst) > severities.indexOf(failOn);
  if (status === 'error' && !isMilder) return EXIT_CODES.violations;
  const isIncomplete = omitted.length > 0 || (strict && status === 'partial');
  return isIncomplete ? EXIT_CODES.incomplete : EXIT_CODES.ok;
}

/** Reads the files of each parameter. A parameter without files is left out. */
async function readDocuments(
  agent: Agent,
  paths: Readonly<Record<string, readonly string[]>>,
): Promise<Record<string, InputFile[]>> {
  const given = Object.entries(paths).filter(([, names]) => names.length > 0);
  const read = await Promise.all(
    given.map(async ([parameter, names]) => {
      const hasIri = agent.parameters[parameter]?.hasIri === true;
      return [parameter, await (hasIri ? readImports(names) : readInputs(names))] as const;
    }),
  );
  // A catalog may list no local file.
  return Object.fromEntries(read.filter(([, documents]) => documents.length > 0));
}

/** Adds what a project has beside the files on the command line. */
async function withProject(
  inputs: Readonly<Record<string, InputFile[]>>,
  file: string,
): Promise<AgentInputs> {
  const { gates, imports, baseIri, prefixes } = await readGgenProject(file);
  const [ownGates, ownImports] = [await readInputs(gates), await readInputs(imports)];
  const given = [...(inputs['gates'] ?? []), ...ownGates];
  const spec = [...(inputs['spec'] ?? []), ...ownImports];
  return {
    ...inputs,
    spec: baseIri === undefined ? spec : spec.map((document) => Object.assign(document, { iri: baseIri })),
    ...(given.length === 0
      ? {}
      : { gates: prefixes === undefined ? given : given.map((gate) => Object.assign(gate, { prefixes })) }),
  };
}

async function run(
  agent: Agent,
  inputs: AgentInputs,
  { format, ...options }: RunOptions & { readonly format: string },
  context: CommandContext,
): Promise<AgentRun<AgentOutcome>> {
  await using database = await context.openDatabase();
  const { signal } = context.longOperation();
  const { finished, unsaved } = await execute(agent, database, inputs, omitUndefined({ ...options, signal }));
  const { receiptId, receiptJson, error } = finished;
  const output =
    format === 'json' || agent.reports === undefined
      ? `${receiptJson}\n`
      : await agent.reports.write(finished, format, inputs);
  // Whatever cannot be written, the user gets the rest.
  const unwritten = await context.stdout.write(output).catch((failure: unknown) => failure);
  const lines = [
    // Its lines are on stdout then.
    ...(format === 'text' ? [] : await agent.explain(finished)),
    ...(error === null ? [] : excerpts(error)),
    ...(receiptId === null ? [] : [`Receipt: ${receiptId}`]),
  ];
  for (const line of lines) context.printNotice(line);
  const failures = [unsaved && notSaved(unsaved), error && summarized(error), unwritten].filter(
    // A reader that closes the pipe has what it wants; the exit code is still that of the run.
    (failure) => failure !== undefined && failure !== null && !(failure instanceof OutputClosed),
  );
  const [first, ...others] = failures;
  for (const other of others) context.printNotice(failureLine(failureOf(other)));
  if (first !== undefined) throw first;
  return finished;
}

function notSaved(cause: unknown): CommandFailure {
  const { code, message, hint } = failureOf(cause);
  return new CommandFailure(code, `The run has ended, but its receipt is not saved: ${message}`, {
    hint,
    cause,
    exitCode: EXIT_CODES.notSaved,
  });
}

/** A finished run, and the reason why it could not be saved. */
interface Execution {
  readonly finished: AgentRun<AgentOutcome>;
  readonly unsaved?: unknown;
}

/** Executes the agent in a thread, because work on this thread would hold up the signals that end it. */
async function execute(
  agent: Agent,
  database: Persistence,
  inputs: AgentInputs,
  options: RunOptions,
): Promise<Execution> {
  const { connectAgents, UnrecordedRun } = await import('@ggen-sim/agents/client');
  const { startAgentThread } = await import('../agent-thread.ts');
  const agents = connectAgents(startAgentThread);
  try {
    const type = agent.type as AgentType;
    return { finished: await agents.run(type, database, inputs as InputsOf<AgentType>, options) };
  } catch (error) {
    if (!(error instanceof UnrecordedRun)) throw error;
    return { finished: error.run as AgentRun<AgentOutcome>, unsaved: error.cause };
  } finally {
    agents.close();
  }
}

/** Formats the source line of each error with a caret under its column; of several errors, each after its message. */
function excerpts({ code, message, location, file, others }: AgentError): string[] {
  if (others.length === 0) return excerpt(location);
  return [{ code, message, location, file }, ...others].flatMap((each) =>
    [failureLine({ code: each.code, message: messageWithLocation(each) })].concat(excerpt(each.location)),
  );
}

function excerpt(location: SourceLocation | undefined): string[] {
  if (location === undefined) return [];
  return [`  ${location.excerpt}`, `  ${' '.repeat(location.excerptColumn - 1)}^`];
}

/** Counts errors that are listed before. */
function summarized(error: AgentError): unknown {
  const { code, hint, others } = error;
  if (others.length === 0) return error;
  return new CommandFailure(code, `${others.length + 1} errors in the documents, listed above`, {
    hint,
    cause: error,
  });
}
