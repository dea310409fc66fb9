/** The `run-agent` commands, made from the list of agents in `@ggen-sim/agents`. */
import { availableParallelism } from 'node:os';
import type {
  Agent,
  AgentError,
  AgentInputs,
  AgentOutcome,
  AgentRun,
  InputFile,
  ReportedRun,
  RunOptions,
  SourceLocation,
} from '@ggen-sim/agents';
import { AGENTS, type AgentType, type InputsOf } from '@ggen-sim/agents/registry';
import type { AgentClient } from '@ggen-sim/agents/client';
import type { Persistence } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import { CommandFailure, UsageError, failureLine, failureOf, messageWithLocation } from '../failures.ts';
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
  const eachParameter = parameters.find(([, { isRequired }]) => isRequired)?.[0] ?? '';
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
    each: flag({
      description: `run once for each --${eachParameter} file, in parallel, with a receipt each; the exit code is the worst`,
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
    async run({ agentId, executionId, timeLimit, format, failOn, strict, config, each, ...paths }, context) {
      const timeLimitMs = timeLimit === 0 ? Infinity : timeLimit * 1000;
      const runOptions = omitUndefined({ agentId, executionId, timeLimitMs });
      const ending = (finished: AgentRun<AgentOutcome>): ExitCode =>
        exitCodeOf(agent, finished, { strict, failOn });
      const inputsOf = async (given: Readonly<Record<string, InputFile[]>>): Promise<AgentInputs> =>
        config === undefined ? given : withProject(given, config);
      await using database = await context.openDatabase();
      const { signal } = context.longOperation();
      const execution = { agent, database, options: omitUndefined({ ...runOptions, signal }) };
      if (!each) {
        const inputs = await inputsOf(await readDocuments(agent, paths));
        await using agents = await startAgents(1);
        const printed = await print(await execute(agents, execution, inputs), { agent, format }, context);
        const [first, ...others] = printed.failures;
        for (const other of others) context.printNotice(failureLine(failureOf(other)));
        if (first !== undefined) throw first;
        return ending(printed.finished);
      }
      if (executionId !== undefined)
        throw new UsageError('--execution-id and --each exclude each other', 'Each run has an id of its own');
      const { [eachParameter]: names = [], ...others } = paths as Record<string, string[]>;
      const shared = await readDocuments(agent, others);
      return await runEach({ names, ending, format, execution, context }, async (name) =>
        inputsOf({ ...shared, [eachParameter]: await readInputs([name]) }),
      );
    },
  });
}

/** What a run needs beside its documents. */
interface Execution {
  readonly agent: Agent;
  readonly database: Persistence;
  readonly options: RunOptions;
}

/** Runs of one file each. */
interface EachFile {
  readonly names: readonly string[];
  readonly ending: (finished: AgentRun<AgentOutcome>) => ExitCode;
  readonly format: string;
  readonly execution: Execution;
  readonly context: CommandContext;
}

/**
 * Runs the agent once for each file, in as many threads as there are processors. Results are printed in the order of the files,
 * each as soon as those before it are.
 *
 * @returns the worst of the exit codes
 */
async function runEach(
  { names, ending, format, execution, context }: EachFile,
  inputsOf: (name: string) => Promise<AgentInputs>,
): Promise<ExitCode> {
  const { agent, options } = execution;
  const isDocument = agent.reports?.documentFormats.includes(format) === true;
  const threads = Math.min(names.length, availableParallelism());
  await using agents = await startAgents(threads);
  const finished = new Map<number, EndedRun>();
  const reported: ReportedRun[] = [];
  const codes = new Set<ExitCode>();
  let [next, printedRuns] = [0, 0];
  let printing: Promise<void> = Promise.resolve();
  const printNext = async (): Promise<void> => {
    for (let ended = finished.get(printedRuns); ended !== undefined; ended = finished.get(printedRuns)) {
      finished.delete(printedRuns);
      const heading = `${names[printedRuns] ?? ''}:`;
      if (format === 'text') await context.stdout.writeLine(heading);
      else context.printNotice(heading);
      printedRuns += 1;
      const { finished: run, failures } = await print(
        ended,
        { agent, format: isDocument ? undefined : format },
        context,
      );
      for (const failure of failures) context.printNotice(failureLine(failureOf(failure)));
      for (const failure of failures) codes.add(failureOf(failure).exitCode);
      if (failures.length === 0) codes.add(ending(run));
      if (isDocument) reported.push({ run, inputs: ended.inputs });
    }
  };
  const work = async (): Promise<void> => {
    while (next < names.length && options.signal?.aborted !== true) {
      const index = next;
      next += 1;
      const inputs = await inputsOf(names[index] ?? '');
      finished.set(index, await execute(agents, execution, inputs));
      printing = printing.then(printNext);
      await printing;
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  if (isDocument) await context.stdout.write((await agent.reports?.writeAll(reported, format)) ?? '');
  context.printNotice(`${printedRuns} of ${names.length} files: ${summaryOf(codes)}`);
  return worstOf(codes);
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

/**
 * Prints a finished run.
 *
 * @param options - without a format, nothing is printed on stdout
 * @returns the run, and what went wrong with it, its saving and its printing
 */
async function print(
  { finished, inputs, unsaved }: EndedRun,
  { agent, format }: { readonly agent: Agent; readonly format: string | undefined },
  context: CommandContext,
): Promise<{ readonly finished: AgentRun<AgentOutcome>; readonly failures: readonly unknown[] }> {
  const { receiptId, error } = finished;
  // Whatever cannot be written, the user gets the rest.
  const unwritten =
    format === undefined
      ? undefined
      : await context.stdout
          .write(await outputOf(agent, finished, { format, inputs }))
          .catch((failure: unknown) => failure);
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
  return { finished, failures };
}

async function outputOf(
  { reports }: Agent,
  finished: AgentRun<AgentOutcome>,
  { format, inputs }: { readonly format: string; readonly inputs: AgentInputs },
): Promise<string> {
  return format === 'json' || reports === undefined
    ? `${finished.receiptJson}\n`
    : await reports.write(finished, format, inputs);
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
interface EndedRun {
  readonly finished: AgentRun<AgentOutcome>;
  readonly inputs: AgentInputs;
  readonly unsaved?: unknown;
}

/** Agents in threads, because work on this thread would hold up the signals that end it. */
async function startAgents(maxThreads: number): Promise<AgentClient & AsyncDisposable> {
  const { connectAgents } = await import('@ggen-sim/agents/client');
  const { startAgentThread } = await import('../agent-thread.ts');
  const agents = connectAgents(startAgentThread, { maxThreads });
  return Object.assign(agents, { [Symbol.asyncDispose]: async (): Promise<void> => agents.close() });
}

async function execute(
  agents: AgentClient,
  { agent, database, options }: Execution,
  inputs: AgentInputs,
): Promise<EndedRun> {
  const { UnrecordedRun } = await import('@ggen-sim/agents/client');
  try {
    const type = agent.type as AgentType;
    return { inputs, finished: await agents.run(type, database, inputs as InputsOf<AgentType>, options) };
  } catch (error) {
    if (!(error instanceof UnrecordedRun)) throw error;
    return { inputs, finished: error.run as AgentRun<AgentOutcome>, unsaved: error.cause };
  }
}

/** Exit codes, worst first. Those of an interruption are worse than any. */
const WORST_FIRST = [
  EXIT_CODES.failed,
  EXIT_CODES.notSaved,
  EXIT_CODES.violations,
  EXIT_CODES.incomplete,
] as const;

/** What the exit codes say of the files. */
const SUMMARIES: Readonly<Partial<Record<ExitCode, string>>> = {
  [EXIT_CODES.failed]: 'some failed',
  [EXIT_CODES.notSaved]: 'some receipts are not saved',
  [EXIT_CODES.violations]: 'some do not conform',
  [EXIT_CODES.incomplete]: 'some were not checked completely',
};

function worstOf(codes: ReadonlySet<ExitCode>): ExitCode {
  return interruptionIn(codes) ?? WORST_FIRST.find((code) => codes.has(code)) ?? EXIT_CODES.ok;
}

function interruptionIn(codes: ReadonlySet<ExitCode>): ExitCode | undefined {
  return [...codes].find((code) => code > EXIT_CODES.usage);
}

function summaryOf(codes: ReadonlySet<ExitCode>): string {
  if (interruptionIn(codes) !== undefined) return 'interrupted';
  const problems = WORST_FIRST.filter((code) => codes.has(code)).map((code) => SUMMARIES[code] ?? '');
  return problems.length === 0 ? 'nothing to report' : problems.join(', ');
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
