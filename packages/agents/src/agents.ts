import type { Agent, AgentRun } from './agent.ts';
import { AgentError } from './errors.ts';
import { validation } from './validation/agent.ts';
import type { ValidationInputs, ValidationOutcome } from './validation/validate.ts';

/** Every agent by its type. The command line, the worker and the page offer what is listed here. */
export const AGENTS: Agents = { validation };

/** Type of {@link AGENTS}. */
export type Agents = {
  readonly validation: Agent<ValidationInputs, ValidationOutcome>;
};

/** Type of an agent that is listed. */
export type AgentType = keyof Agents;

/** Documents that a listed agent reads. */
export type InputsOf<Type extends AgentType> = Agents[Type] extends Agent<infer Inputs> ? Inputs : never;

/** Finished run of a listed agent. */
export type RunOf<Type extends AgentType> =
  Agents[Type] extends Agent<infer _Inputs, infer Outcome> ? AgentRun<Outcome> : never;

/**
 * Returns a listed agent.
 *
 * @throws {AgentError} INVALID_ARGUMENT when no agent of this type is listed
 */
export function agentOfType(type: string): Agent {
  const agents: Readonly<Record<string, Agent>> = AGENTS;
  const agent = Object.hasOwn(agents, type) ? agents[type] : undefined;
  if (agent !== undefined) return agent;
  throw new AgentError('INVALID_ARGUMENT', `type: expected one of ${Object.keys(agents).join(', ')}`);
}
