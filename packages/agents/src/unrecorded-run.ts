import type { AgentOutcome, AgentRun } from './agent.ts';
import { AgentError } from './errors.ts';

/**
 * Thrown when a run has ended, but the database could not record it. What the agent found is in `run`, so that no work is
 * lost; the reason, a `PersistenceError`, is the `cause`.
 */
export class UnrecordedRun<Outcome extends AgentOutcome = AgentOutcome> extends AgentError {
  /** The finished run. Its `receiptId` is `null`. */
  readonly run: AgentRun<Outcome>;

  constructor(run: AgentRun<Outcome>, cause: unknown) {
    const { message, hint } = (cause instanceof Error ? cause : new Error(String(cause))) as Error & {
      readonly hint?: string;
    };
    super('NOT_RECORDED', `The run has ended, but its receipt is not saved: ${message}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
    this.run = run;
  }
}
