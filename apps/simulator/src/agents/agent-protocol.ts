/**
 * What the page and its agents' worker say to each other, over Comlink. Structured cloning keeps an error's message and
 * drops its code, so errors cross as plain records.
 */
import type {
  AgentErrorDetails,
  ValidationInputs,
  ValidationOutcome,
  ValidationRequest,
  ValidationRun,
} from '@ggen-sim/agents';
import type { RecordBatch, RecordedBatch } from '@ggen-sim/core';

/** An `AgentError` or `PersistenceError` on its way. */
export interface WireError extends Pick<AgentErrorDetails, 'location' | 'hint'> {
  readonly code: string | undefined;
  readonly message: string;
}

/** What a call answers; it never rejects by itself. */
export type Answer<Value> = { readonly value: Value } | { readonly error: WireError };

/** A run or an outcome whose `error` is a record. */
export type Wired<Finished extends { readonly error: unknown }> = Omit<Finished, 'error'> & {
  readonly error: WireError | null;
};

/** What agents need of a database: the page's side, called from the worker. */
export interface RecordDesk {
  getMemory(agentId: string): Promise<Answer<string>>;
  record(batch: RecordBatch): Promise<Answer<RecordedBatch>>;
}

/** A request without what cannot be cloned. */
export type WireRequest = Omit<ValidationRequest, 'clock' | 'signal'>;

/** What the worker offers. */
export interface AgentHost {
  /** Says under which number a database's desk is known from now on. */
  connect(deskId: number, desk: RecordDesk): void;
  runValidation(
    deskId: number | null,
    request: WireRequest,
    workId: number,
  ): Promise<Answer<Wired<ValidationRun>>>;
  validate(inputs: ValidationInputs, workId: number): Promise<Answer<Wired<ValidationOutcome>>>;
  /** Ends a piece of work between its stages. */
  abort(workId: number): void;
}

/** Makes a record of anything thrown. */
export function toWire(error: unknown): WireError {
  const { code, message, location, hint } = error as Partial<WireError>;
  return {
    code: typeof code === 'string' ? code : undefined,
    message: message ?? String(error),
    ...(location === undefined ? {} : { location }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Runs work and records how it ended. */
export async function answer<Value>(work: () => Promise<Value>): Promise<Answer<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: toWire(error) };
  }
}
