export type {
  Agent,
  AgentDescription,
  AgentHelp,
  AgentInputs,
  AgentOutcome,
  AgentReceipt,
  AgentReports,
  ReportedRun,
  AgentRun,
  DocumentsParameter,
  ExecutableAgent,
  RunOptions,
} from './agent.ts';
export { AGENTS, type Agents, type AgentType, type InputsOf, type RunOf } from './agents.ts';
export {
  AgentError,
  type AgentErrorCode,
  type AgentErrorDetails,
  type FurtherError,
  type SourceLocation,
} from './errors.ts';
export { type InputFile, type RdfFormat, formatOf } from './rdf/input-file.ts';
export { shortenIris } from './rdf/terms.ts';
export type { AgentMemory, RememberedRun } from './recording/agent-memory.ts';
export { determinismHash } from './recording/determinism-hash.ts';
export { UnrecordedRun } from './unrecorded-run.ts';
export { runAgent } from './run-agent.ts';
export type { Violation } from './shacl/violation.ts';
export type {
  OmittedResults,
  ReceiptCounts,
  ReceiptDurations,
  ReceiptError,
  ReceiptGraph,
  ReceiptInput,
  ReceiptProblem,
  ReceiptViolation,
  ShapeDuration,
  ValidationFindings,
} from './validation/receipt.ts';
export {
  type ValidationInputs,
  type ValidationOutcome,
  type ValidationReceipt,
  validate,
} from './validation/validate.ts';
export {
  type ReceiptDifference,
  type ReceiptVerification,
  type VerifyReceiptOptions,
  verifyReceipt,
} from './validation/verify-receipt.ts';
