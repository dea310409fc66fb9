import type { Persistence } from '@ggen-sim/core';
import canonicalize from 'canonicalize';
import { v7 as uuidv7 } from 'uuid';
import type {
  AgentDescription,
  AgentInputs,
  AgentOutcome,
  AgentReceipt,
  AgentRun,
  ExecutableAgent,
  RunOptions,
} from './agent.ts';
import { AgentError } from './errors.ts';
import { recordRun, type FinishedRun } from './recording/record-run.ts';
import { UnrecordedRun } from './unrecorded-run.ts';
import { VERSIONS } from './versions.ts';

/** Enough for millions of statements, and an end for a run that nobody watches. */
const DEFAULT_TIME_LIMIT_MS = 600_000;
/** Longest time that `setTimeout` can wait: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs an agent once and records the run in one transaction: audit entries `started` and `completed` or `failed`, one
 * receipt, one update of the agent's memory.
 *
 * The promise resolves and there is a receipt even when the agent fails; see `status` and `error`.
 *
 * @param agent - one of `AGENTS`, or any other
 * @param persistence - database to record the run in; `null` records nothing
 * @param inputs - documents by parameter name
 * @throws {AgentError} INVALID_ARGUMENT, before the agent is executed
 * @throws {UnrecordedRun} NOT_RECORDED, with the finished run, when the database cannot be written; then nothing was
 */
export async function runAgent<Inputs extends AgentInputs, Outcome extends AgentOutcome>(
  agent: ExecutableAgent<Inputs, Outcome>,
  persistence: Persistence | null,
  inputs: Inputs,
  options: RunOptions = {},
): Promise<AgentRun<Outcome>> {
  checkArguments(agent, inputs, options);
  const { type, operation, defaultAgentId } = agent;
  const { agentId = defaultAgentId, executionId = uuidv7(), clock = () => new Date() } = options;
  const startedAt = clock();
  const { findings, determinismHash, durationsMs, ...outcome } = await executeInTime(agent, inputs, options);
  const finishedAt = clock();
  const { status, message } = findings;
  const receipt: AgentReceipt<Outcome> = {
    ...(findings as Outcome['findings']),
    execution_id: executionId,
    agent_id: agentId,
    agent_type: type,
    started_at: startedAt.toISOString(),
    finished_at: finishedAt.toISOString(),
    versions: VERSIONS,
    durations_ms: durationsMs,
    determinism_hash: determinismHash,
  };
  const receiptJson = canonicalize(receipt) ?? '';
  const run = { ...outcome, executionId, agentId, status, message, receipt, receiptJson, receiptId: null };
  if (persistence === null) return run;
  const finished: FinishedRun = {
    agentId,
    agentType: type,
    operation,
    status,
    details: findings.inputs.map(({ role, name }) => `${role} ${name}`).join(', '),
    failure: outcome.error === null ? null : message,
    durationMs: durationsMs.total,
    receiptJson,
    remembered: {
      execution_id: executionId,
      status,
      message,
      determinism_hash: determinismHash,
      finished_at: receipt.finished_at,
      duration_ms: durationsMs.total,
    },
  };
  try {
    return { ...run, receiptId: await recordRun(persistence, finished) };
  } catch (cause) {
    throw new UnrecordedRun(run, cause);
  }
}

/** Executes the agent with a signal that fires when the caller's does, or when the time is over. */
async function executeInTime<Inputs extends AgentInputs, Outcome extends AgentOutcome>(
  agent: ExecutableAgent<Inputs, Outcome>,
  inputs: Inputs,
  { signal, timeLimitMs = DEFAULT_TIME_LIMIT_MS }: RunOptions,
): Promise<Outcome> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(timeLimitError(timeLimitMs)),
    Math.min(timeLimitMs, LONGEST_TIMER_MS),
  );
  try {
    return await agent.execute(
      inputs,
      signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
    );
  } finally {
    clearTimeout(timer);
  }
}

function timeLimitError(timeLimitMs: number): AgentError {
  return new AgentError('TIME_LIMIT', `The run took longer than ${timeLimitMs / 1000} s`, {
    hint: 'Allow more time, or look for a pattern or a shape that takes forever.',
  });
}

function checkArguments(agent: AgentDescription, inputs: AgentInputs, options: RunOptions): void {
  for (const [name, { isRequired }] of Object.entries(agent.parameters)) {
    const documents = inputs[name];
    if (documents === undefined && !isRequired) continue;
    // An empty list is a mistake of the caller, not a request for the default.
    if (documents !== undefined && documents.length > 0) continue;
    throw invalid(name, isRequired ? 'at least one document' : 'at least one document, or to be left out');
  }
  for (const name of ['agentId', 'executionId'] as const) {
    if (options[name] === '') throw invalid(name, 'not to be empty');
    if (options[name]?.isWellFormed() === false) throw invalid(name, 'text without half of a surrogate pair');
  }
  const { timeLimitMs = DEFAULT_TIME_LIMIT_MS } = options;
  if (!(timeLimitMs > 0)) throw invalid('timeLimitMs', 'more than 0 milliseconds');
}

function invalid(parameter: string, expected: string): AgentError {
  return new AgentError('INVALID_ARGUMENT', `${parameter}: expected ${expected}`);
}
