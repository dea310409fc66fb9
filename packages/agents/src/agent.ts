import type { ReceiptStatus } from '@ggen-sim/core';
import type { AgentError } from './errors.ts';
import type { InputFile } from './rdf/input-file.ts';

/** Documents by parameter name. */
export type AgentInputs = Readonly<Record<string, readonly InputFile[] | undefined>>;

/** One list of documents. */
export interface DocumentsParameter {
  readonly isRequired: boolean;
  /** One line for help, without a full stop. */
  readonly description: string;
  /** True when a document can have an IRI. On the command line it is given as `IRI=FILE`; a folder or an XML catalog gives several documents. */
  readonly hasIri?: boolean;
}

/** Data that a run needs of its agent. */
export interface AgentDescription<Inputs extends AgentInputs = AgentInputs> {
  /** Agent type in receipts and audit entries, and the command's name on the command line. */
  readonly type: string;
  /** Operation in audit entries, such as `validate_ontology`. */
  readonly operation: string;
  /** Agent id of a run without one. */
  readonly defaultAgentId: string;
  /** Documents that the agent reads. A parameter's name is also its flag on the command line and its role in receipts. */
  readonly parameters: { readonly [Name in keyof Inputs]-?: DocumentsParameter };
}

/** Progress of an execution, so that one that is ended can say what it was doing. */
export interface ExecutionProgress {
  /** Called with the name of each step that begins. */
  readonly onStep?: (step: string) => void;
  /** Step that an execution of the same inputs had begun when its thread was ended. */
  readonly reached?: string | undefined;
  /** Texts of SPARQL queries that ended the engine in executions of the same inputs. They are named and not evaluated. */
  readonly leftOutQueries?: readonly string[];
}

/** An agent that `runAgent` can run, in this thread or in a worker. */
export interface ExecutableAgent<
  Inputs extends AgentInputs = AgentInputs,
  Outcome extends AgentOutcome = AgentOutcome,
> extends AgentDescription<Inputs> {
  /** Executes the agent and writes nothing. When it fails, the outcome has an `error`. */
  execute(inputs: Inputs, signal?: AbortSignal, progress?: ExecutionProgress): Promise<Outcome>;
}

/** An agent. `agents.ts` lists all of them; the command line and the worker are made from that list. */
export interface Agent<
  Inputs extends AgentInputs = AgentInputs,
  Outcome extends AgentOutcome = AgentOutcome,
> extends ExecutableAgent<Inputs, Outcome> {
  /** Texts for the command line's help. */
  readonly help: AgentHelp;
  /** Explains a run to a person, in lines. The receipt holds the same in full. */
  explain(run: AgentRun<Outcome>): Promise<string[]>;
  /** Reports for other programs; `undefined` for an agent that has only its receipt. */
  readonly reports?: AgentReports<Inputs, Outcome>;
}

/** Finished run with its documents. */
export interface ReportedRun<
  Inputs extends AgentInputs = AgentInputs,
  Outcome extends AgentOutcome = AgentOutcome,
> {
  readonly run: AgentRun<Outcome>;
  readonly inputs: Inputs;
}

/** Reports of an agent, and the severities of its results. */
export interface AgentReports<
  Inputs extends AgentInputs = AgentInputs,
  Outcome extends AgentOutcome = AgentOutcome,
> {
  /** Names of the formats. */
  readonly formats: readonly string[];
  /** Names of those in which several runs are one document, and not one report after another. */
  readonly documentFormats: readonly string[];
  /** Writes a finished run in one of the formats, with a line feed at its end. */
  write(run: AgentRun<Outcome>, format: string, inputs: Inputs): Promise<string>;
  /** Writes several finished runs in one of the formats. */
  writeAll(runs: readonly ReportedRun<Inputs, Outcome>[], format: string): Promise<string>;
  /** Severities of results, worst first. */
  readonly severities: readonly string[];
  /** Returns the worst severity of a run's results; `null` when it has none. */
  worstSeverity(run: AgentRun<Outcome>): string | null;
}

/** Texts for the command line's help. */
export interface AgentHelp {
  /** One line without a full stop. */
  readonly summary: string;
  readonly notes: string;
  /** Command lines that work, from the first flag on. */
  readonly examples: readonly string[];
  /** Meanings of the exit codes. */
  readonly endings: {
    /** The run has no error, and its status is not `error`. */
    readonly ok: string;
    /** The run has no error, but its status is `error`: the agent found something wrong. */
    readonly problems: string;
    /** The agent found nothing wrong, but left parts of its task out. */
    readonly incomplete: string;
    /** The run has an error. */
    readonly failed: string;
  };
}

/** Result of an agent, before it is recorded. */
export interface AgentOutcome {
  /** Part of the receipt that depends on the inputs alone. */
  readonly findings: {
    readonly status: ReceiptStatus;
    readonly message: string;
    readonly inputs: readonly { readonly role: string; readonly name: string }[];
  };
  /** Hash of the findings, made by `determinismHash`. */
  readonly determinismHash: string;
  /** Parts of the task that the agent cannot do and left out; empty when it did everything. */
  readonly omitted: readonly string[];
  /** Measured wall-clock times in milliseconds. */
  readonly durationsMs: { readonly total: number };
  /** Reason why the agent could not finish; `null` when it finished, whatever it found. */
  readonly error: AgentError | null;
}

/** Options of a run, the same for every agent. */
export interface RunOptions {
  /** @default the agent's `defaultAgentId` */
  readonly agentId?: string;
  /** Unique among all receipts. @default a UUID, version 7 */
  readonly executionId?: string;
  /** Time written into the receipt. @default the system's */
  readonly clock?: () => Date;
  /**
   * Ends the run at its next pause; in a worker, at once. The run still leaves a receipt, with the error `ABORTED`. In the
   * caller's own thread, nothing interrupts a pattern that backtracks.
   */
  readonly signal?: AbortSignal;
  /**
   * Time in milliseconds after which the run is ended like an aborted one, with the error `TIME_LIMIT`. `Infinity` for no
   * limit.
   *
   * @default 600,000 (ten minutes)
   */
  readonly timeLimitMs?: number;
}

/** JSON of a stored receipt. */
export type AgentReceipt<Outcome extends AgentOutcome> = Outcome['findings'] & {
  readonly execution_id: string;
  readonly agent_id: string;
  readonly agent_type: string;
  /** ISO 8601 with Z. */
  readonly started_at: string;
  readonly finished_at: string;
  /** Versions of this package and of the libraries that decide what a run finds. */
  readonly versions: Readonly<Record<string, string>>;
  readonly durations_ms: Outcome['durationsMs'];
  /** `sha256:` and 64 hex digits over the canonical JSON (RFC 8785) of the findings. */
  readonly determinism_hash: string;
};

/** A finished run: the outcome, its receipt, and its ids. */
export type AgentRun<Outcome extends AgentOutcome> = Omit<
  Outcome,
  'findings' | 'determinismHash' | 'durationsMs'
> & {
  readonly executionId: string;
  readonly agentId: string;
  readonly status: ReceiptStatus;
  readonly message: string;
  readonly receipt: AgentReceipt<Outcome>;
  /** The receipt as it is stored, byte for byte: canonical JSON (RFC 8785). */
  readonly receiptJson: string;
  /** `null` when the run was not recorded. */
  readonly receiptId: string | null;
};
