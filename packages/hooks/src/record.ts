/** The part that runs in the process of a hook: small, because the agent waits for it. Every command loads it too. */
export { recordHook, type RecordOptions } from './recording/record-hook.ts';
export { hasSpooledEvents } from './spool/spool-file.ts';
