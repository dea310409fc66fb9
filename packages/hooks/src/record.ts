/** The part that runs in the process of a hook: small, because the agent waits for it. */
export { recordHook, type RecordOptions } from './recording/record-hook.ts';
