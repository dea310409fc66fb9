import type { Persistence } from '@ggen-sim/core';
import { v7 as uuidv7 } from 'uuid';
import { AgentError } from '../errors.ts';
import { recordRun } from '../recording/record-run.ts';
import { type ValidationReceipt, type ValidationStatus, determinismHash } from './receipt.ts';
import { type ValidationInputs, type ValidationOutcome, validate } from './validate.ts';

const AGENT_TYPE = 'validation';
const OPERATION = 'validate_ontology';

/** What {@link runValidation} takes. */
export interface ValidationRequest extends ValidationInputs {
  /** @default 'validator-1' */
  readonly agentId?: string;
  /** Unique among all receipts. @default a UUID, version 7 */
  readonly executionId?: string;
  /** The time written into the receipt. @default the system's */
  readonly clock?: () => Date;
  /** Ends the run between stages; it leaves a receipt all the same, with the error `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** A finished run. */
export interface ValidationRun extends Omit<ValidationOutcome, 'findings' | 'durationsMs'> {
  readonly executionId: string;
  readonly agentId: string;
  readonly status: ValidationStatus;
  readonly message: string;
  /** By SHACL; `null` where nothing was validated. */
  readonly conforms: boolean | null;
  readonly receipt: ValidationReceipt;
  /** `null` where the run was not recorded. */
  readonly receiptId: string | null;
}

/**
 * Runs the validation agent once and writes down what it did, in one transaction: audit `started` and `completed` or
 * `failed`, one receipt, one update of the agent's memory.
 *
 * Whatever becomes of the validation, the promise resolves and there is a receipt: `success` where everything conforms,
 * `error` where something does not or the run failed (see `error`), `partial` where there was nothing to validate
 * against or something was left unchecked.
 *
 * @param persistence - where to write it down; `null` writes nothing
 * @param request - the documents, and who asks
 * @throws {AgentError} INVALID_ARGUMENT, before anything is done
 * @throws PersistenceError - where the run could not be written down
 */
export async function runValidation(
  persistence: Persistence | null,
  request: ValidationRequest,
): Promise<ValidationRun> {
  checkRequest(request);
  const { agentId = 'validator-1', executionId = uuidv7(), clock = () => new Date(), signal } = request;
  const startedAt = clock();
  const { findings, durationsMs, violations, prefixes, error } = await validate(request, signal);
  const finishedAt = clock();
  const receipt: ValidationReceipt = {
    ...findings,
    execution_id: executionId,
    agent_id: agentId,
    agent_type: AGENT_TYPE,
    started_at: startedAt.toISOString(),
    finished_at: finishedAt.toISOString(),
    durations_ms: durationsMs,
    determinism_hash: determinismHash(findings),
  };
  const { status, message, conforms } = findings;
  const receiptId =
    persistence === null
      ? null
      : await recordRun(persistence, {
          agentId,
          agentType: AGENT_TYPE,
          operation: OPERATION,
          status,
          details: findings.inputs.map((input) => `${input.role} ${input.name}`).join(', '),
          failure: error === null ? null : message,
          durationMs: durationsMs.total,
          receipt: { ...receipt },
          remembered: {
            execution_id: executionId,
            status,
            message,
            determinism_hash: receipt.determinism_hash,
            finished_at: receipt.finished_at,
            duration_ms: durationsMs.total,
          },
        });
  return { executionId, agentId, status, message, conforms, receipt, receiptId, violations, prefixes, error };
}

function checkRequest({ specs, shapes, agentId, executionId }: ValidationRequest): void {
  if (specs.length === 0) throw invalid('specs', 'at least one document');
  // An empty list is a caller's mistake, not a wish for the spec's own shapes.
  if (shapes?.length === 0) throw invalid('shapes', 'at least one document, or to be left out');
  if (agentId === '') throw invalid('agentId', 'not to be empty');
  if (executionId === '') throw invalid('executionId', 'not to be empty');
}

function invalid(field: string, expected: string): AgentError {
  return new AgentError('INVALID_ARGUMENT', `${field}: expected ${expected}`);
}
