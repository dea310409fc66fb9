/** Parameters that select agents, the same for every query. */
import { UsageError } from './failures.ts';
import { optionalText, text, type Parameter } from './parameters.ts';

/** Pattern that matches every agent. */
const EVERY_AGENT = '%';

/** Makes the SQL LIKE pattern over agent ids that every query takes first. */
export function agentPattern(): Parameter<string> {
  const pattern = text({
    default: EVERY_AGENT,
    placeholder: 'PATTERN',
    description: String.raw`SQL LIKE pattern over the agent id; * means %, \_ an ordinary _`,
  });
  return { ...pattern, anyWordNames: 'an agent' };
}

/** The option that selects one agent. */
export const AGENT_EXACT: Readonly<Record<'agentExact', Parameter<string | undefined>>> = {
  agentExact: optionalText({
    placeholder: 'AGENT_ID',
    description: 'only this agent; nothing is a wildcard',
  }),
};

/** The options that select agents, for commands without an argument for it. */
export const AGENT_OPTIONS: Readonly<Record<'agent' | 'agentExact', Parameter<string | undefined>>> = {
  agent: optionalText({
    placeholder: 'PATTERN',
    description: String.raw`only agents that match this SQL LIKE pattern; * means %, \_ an ordinary _`,
  }),
  ...AGENT_EXACT,
};

/**
 * Makes the selection of a query.
 * @throws {UsageError} when both a pattern and one agent are given
 */
export function agentsOf(
  agent: string | undefined,
  agentExact: string | undefined,
): { readonly agent?: string; readonly agentExact?: string } {
  if (agentExact === undefined) return agent === undefined ? {} : { agent };
  if (agent === undefined || agent === EVERY_AGENT) return { agentExact };
  throw new UsageError('PATTERN and --agent-exact exclude each other', 'Give one of them');
}
