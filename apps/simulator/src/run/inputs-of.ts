import type { AgentInputs } from '@ggen-sim/agents';
import type { SessionDocument } from '../session/session.ts';

/** Groups a session's documents by role: each role is a parameter of the agent. */
export function inputsOf(documents: readonly SessionDocument[]): AgentInputs {
  const inputs: Record<string, { name: string; content: string }[]> = {};
  for (const { role, name, content } of documents) (inputs[role] ??= []).push({ name, content });
  return inputs;
}
