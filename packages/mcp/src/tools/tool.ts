/** Definition of a tool: its name, its input and its action. */
import type { Persistence } from '@ggen-sim/core';
import { z } from 'zod';
import { MAX_DOCUMENT_BYTES, MAX_ID_CHARACTERS } from '../limits.ts';
import { ToolError } from '../tool-errors.ts';

/** What a tool works with. */
export interface ToolContext {
  readonly database: Persistence;
  /** The only agent in whose name this server writes; `undefined` where the caller names it. */
  readonly boundAgent: string | undefined;
  /** Fires when the client cancels the call. */
  readonly signal: AbortSignal;
}

interface ToolDefinition<Input extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** True for a tool that saves; a server that only reads does not have it. */
  readonly writes?: boolean;
  /** True when the result holds text that agents have stored, which is then marked as such. */
  readonly returnsStoredText?: boolean;
  readonly input: Input;
  readonly run: (input: z.output<Input>, context: ToolContext) => Promise<object>;
}

/** A tool with the types of its input erased. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly writes: boolean;
  readonly returnsStoredText: boolean;
  /** JSON Schema of the input. */
  readonly inputSchema: Record<string, unknown>;
  /** Checks the input and runs the tool. @throws {ToolError} INVALID_ARGUMENT */
  readonly call: (input: unknown, context: ToolContext) => Promise<object>;
}

/** Checks a definition's types, then erases them. */
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): Tool {
  const { input, run, writes = false, returnsStoredText = false, ...rest } = definition;
  return {
    ...rest,
    writes,
    returnsStoredText,
    inputSchema: z.toJSONSchema(input, { io: 'input' }),
    call(given, context) {
      const parsed = input.safeParse(given);
      if (parsed.success) return run(parsed.data, context);
      const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
      throw new ToolError(
        'INVALID_ARGUMENT',
        `${rest.name}: ${problems.join('; ')}`,
        'Call the tool with the arguments that its input schema describes.',
      );
    },
  };
}

/** Id of an agent, a receipt or an execution. */
export const id = (description: string): z.ZodString =>
  z.string().min(1).max(MAX_ID_CHARACTERS).describe(description);

/** Id of the agent that writes. */
export const writingAgent: z.ZodOptional<z.ZodString> = id(
  'Id of the agent that writes. A server that is bound to one agent writes in its name, and takes no other.',
).optional();

/**
 * Returns the agent in whose name a call writes.
 * @throws {ToolError} FORBIDDEN_AGENT, INVALID_ARGUMENT
 */
export function agentThatWrites(given: string | undefined, { boundAgent }: ToolContext): string {
  if (boundAgent !== undefined && given !== undefined && given !== boundAgent) {
    throw new ToolError(
      'FORBIDDEN_AGENT',
      `This server writes as ${JSON.stringify(boundAgent)}, not as ${JSON.stringify(given)}`,
      'Leave agentId out. Nothing was written.',
    );
  }
  const agentId = boundAgent ?? given;
  if (agentId !== undefined) return agentId;
  throw new ToolError('INVALID_ARGUMENT', 'agentId is missing', 'Pass the id of the agent that writes.');
}

/** Returns the agent whose rows are read: the one that is named, else the one that the server is bound to. */
export function agentToRead(given: string | undefined, { boundAgent }: ToolContext): string {
  const agentId = given ?? boundAgent;
  if (agentId !== undefined) return agentId;
  throw new ToolError('INVALID_ARGUMENT', 'agentId is missing', 'Pass the id of the agent.');
}

/** A JSON document to store. */
export const document = (description: string): z.ZodUnknown =>
  z
    .unknown()
    .refine((value) => value !== undefined, 'is missing')
    .describe(`${description}: any JSON value. A text is taken for the text of one, and kept byte for byte.`);

/** What `saveReceipt` and `saveMemory` take. */
type Document = Parameters<Persistence['saveMemory']>[0]['memory'];

/** Checks the size of a document. @throws {ToolError} TOO_LARGE, INVALID_JSON */
export function documentToStore(name: string, value: unknown): Document {
  const text = typeof value === 'string' ? value : serialised(name, value);
  checkSize(name, text);
  return value as Document;
}

function serialised(name: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new ToolError(
      'INVALID_JSON',
      `${name} nests too deeply`,
      'Pass a document of at most 1000 levels.',
    );
  }
}

/** @throws {ToolError} TOO_LARGE */
export function checkSize(name: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_DOCUMENT_BYTES) return;
  throw new ToolError(
    'TOO_LARGE',
    `${name} has ${bytes} bytes, and ${MAX_DOCUMENT_BYTES} is the most that this tool stores`,
    'Store less: a summary, or the path and the SHA-256 of a file. Nothing was written.',
  );
}
