/** The `run-agent` commands, made from the list of agents in `@ggen-sim/agents`. */
import { readFile } from 'node:fs/promises';
import type { Agent, AgentError, AgentInputs, InputFile } from '@ggen-sim/agents';
import { AGENTS } from '@ggen-sim/agents/registry';
import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import { files, optionalText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';

/** One command for each agent. */
export const AGENT_COMMANDS: readonly Command[] = Object.values<Agent>(AGENTS).map(agentCommand);

function agentCommand(agent: Agent): Command {
  const { type, defaultAgentId, help } = agent;
  const parameters = Object.entries(agent.parameters);
  const ids = {
    agentId: optionalText({ description: `agent that runs (default: ${defaultAgentId})` }),
    executionId: optionalText({ description: 'id of this run, unique among all receipts (default: a UUID)' }),
  };
  const documents = Object.fromEntries(
    parameters.map(([name, parameter]) => [name, files({ placeholder: 'FILE', ...parameter })]),
  );
  return defineCommand<{}, typeof ids>({
    name: `run-agent ${type}`,
    summary: help.summary,
    notes: help.notes,
    database: 'created',
    ownExitCodes: {
      [EXIT_CODES.ok]: help.endings.ok,
      [EXIT_CODES.failed]: help.endings.failed,
      [EXIT_CODES.violations]: help.endings.problems,
    },
    positionals: {},
    options: { ...documents, ...ids },
    examples: help.examples.map((example) => `ggen-sim run-agent ${type} ${example}`),
    async run({ agentId, executionId, ...paths }, context) {
      return await run(agent, await readDocuments(paths), { agentId, executionId }, context);
    },
  });
}

/** Reads the files of each parameter. A parameter without files is left out. */
async function readDocuments(
  paths: Readonly<Record<string, readonly string[]>>,
): Promise<Record<string, InputFile[]>> {
  const given = Object.entries(paths).filter(([, names]) => names.length > 0);
  return Object.fromEntries(
    await Promise.all(given.map(async ([parameter, names]) => [parameter, await readFiles(names)] as const)),
  );
}

async function readFiles(paths: readonly string[]): Promise<InputFile[]> {
  return Promise.all(paths.map(async (path) => ({ name: path, content: await readFile(path) })));
}

async function run(
  agent: Agent,
  inputs: AgentInputs,
  ids: { readonly agentId: string | undefined; readonly executionId: string | undefined },
  context: CommandContext,
): Promise<ExitCode> {
  await using database = await context.openDatabase();
  const { runAgent } = await import('@ggen-sim/agents');
  const { signal } = context.longOperation();
  const finished = await runAgent(agent, database, inputs, omitUndefined({ ...ids, signal }));
  const { receiptId, error, status } = finished;
  if (receiptId !== null) await context.stdout.writeLine(await database.getReceipt(receiptId));
  const lines = [
    ...(await agent.explain(finished)),
    ...(error === null ? [] : excerpt(error)),
    ...(receiptId === null ? [] : [`Receipt: ${receiptId}`]),
  ];
  for (const line of lines) context.printNotice(line);
  if (error !== null) throw error;
  return status === 'error' ? EXIT_CODES.violations : EXIT_CODES.ok;
}

/** Formats the source line of a syntax error with a caret under its column. */
function excerpt({ location }: AgentError): string[] {
  if (location === undefined) return [];
  return [`  ${location.excerpt}`, `  ${' '.repeat(location.excerptColumn - 1)}^`];
}
