import type { SerializedError } from '@ggen-sim/core/rpc';
import type { AgentInputs, AgentOutcome } from '../agent.ts';
import type { InputFile } from '../rdf/input-file.ts';
import type { ReceiptVerification } from '../validation/verify-receipt.ts';

/** Service of the worker that executes agents. To abort an execution, its client ends the worker. */
export interface AgentService {
  /**
   * @param onStep - called when a step begins; the worker does not wait for it
   * @param leftOutQueries - texts of SPARQL queries that ended the engine before
   * @throws {AgentError} INVALID_ARGUMENT when no agent of this type is listed
   */
  execute(
    type: string,
    inputs: AgentInputs,
    onStep: (step: string) => void,
    leftOutQueries: readonly string[],
  ): Promise<SerializedOutcome>;

  /** Does what `verifyReceipt` does. */
  verifyReceipt(
    receiptJson: string,
    files: readonly InputFile[],
    rerun: boolean,
  ): Promise<ReceiptVerification>;
}

/** Outcome whose error can be cloned. */
export type SerializedOutcome = Omit<AgentOutcome, 'error'> & { readonly error: SerializedError | null };
