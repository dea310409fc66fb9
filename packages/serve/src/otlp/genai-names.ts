/**
 * Names of OpenTelemetry's semantic conventions, in the one place where they are. Those of generative AI are in development
 * and change: these are of version 1.41.0 (https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai),
 * and those of memory of the repository in which they are developed since
 * (https://github.com/open-telemetry/semantic-conventions-genai).
 */
export const OPERATION_NAME = 'gen_ai.operation.name';
export const AGENT_ID = 'gen_ai.agent.id';
export const AGENT_NAME = 'gen_ai.agent.name';
export const TOOL_NAME = 'gen_ai.tool.name';
export const TOOL_TYPE = 'gen_ai.tool.type';
export const MEMORY_RECORD_ID = 'gen_ai.memory.record.id';
export const ERROR_TYPE = 'error.type';
/** Value of {@link ERROR_TYPE} where no better one is known. */
export const OTHER_ERROR = '_OTHER';
/**
 * Beginnings of the names of attributes that hold what was said or done; they are not stored. After those of OpenTelemetry
 * come those of OpenInference and of OpenLLMetry.
 */
export const CONTENTS: readonly string[] = [
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.prompt',
  'gen_ai.completion',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.tool.definitions',
  'gen_ai.retrieval.query.text',
  'gen_ai.retrieval.documents',
  'input.value',
  'output.value',
  'llm.prompts',
  'llm.completions',
  'llm.input_messages',
  'llm.output_messages',
  'traceloop.entity.input',
  'traceloop.entity.output',
];
/** Attributes of events of Claude Code that hold what was said or done: with some settings of it, they are sent. */
export const EVENT_CONTENTS: readonly string[] = [
  'prompt',
  'response',
  'tool_input',
  'tool_parameters',
  'body',
  'request_body',
  'response_body',
];
/** Name of an event, where the field of the record is not set yet. */
export const EVENT_NAME = 'event.name';
/** Name of the tool, as events of Claude Code have it. */
export const EVENT_TOOL_NAME = 'tool_name';
export const SERVICE_NAME = 'service.name';
export const SERVICE_VERSION = 'service.version';
export const SERVICE_INSTANCE_ID = 'service.instance.id';

export const INVOKE_AGENT = 'invoke_agent';
export const EXECUTE_TOOL = 'execute_tool';
export const UPDATE_MEMORY = 'update_memory';
