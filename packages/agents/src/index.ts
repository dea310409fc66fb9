export { AgentError, type AgentErrorCode, type AgentErrorDetails, type SourceLocation } from './errors.ts';
export type { AgentMemory, RememberedRun } from './recording/agent-memory.ts';
export { type InputFile, type RdfFormat, formatOf } from './rdf/input-file.ts';
export { shortenIris } from './rdf/terms.ts';
export type { Violation } from './shacl/violation.ts';
export type {
  ReceiptCounts,
  ReceiptDurations,
  ReceiptError,
  ReceiptGraph,
  ReceiptInput,
  ReceiptViolation,
  ValidationFindings,
  ValidationReceipt,
  ValidationStatus,
} from './validation/receipt.ts';
export { type ValidationRequest, type ValidationRun, runValidation } from './validation/run-validation.ts';
export { type ValidationInputs, type ValidationOutcome, validate } from './validation/validate.ts';
