export { drain, type DrainOptions, type DrainReport } from './spool/drain.ts';
export { storeEvents, type StoreReport } from './mapping/store-events.ts';
export { eventRow, type AuditLine } from './mapping/event-row.ts';
export { eventOf, type HookEvent } from './recording/hook-event.ts';
export {
  hooksRoute,
  type HookExchange,
  type HooksRoute,
  type HooksRouteOptions,
} from './serving/hooks-route.ts';
export { importTranscript, type TranscriptReport } from './transcript/import-transcript.ts';
