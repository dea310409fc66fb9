export {
  serveDatabase,
  type RunningServer,
  type ScopedToken,
  type ServeOptions,
  type TlsIdentity,
} from './serve-database.ts';
export { serveStudio, type RunningStudio, type StudioOptions } from './studio/serve-studio.ts';
export type { Upgrade, UpgradeExchange } from './http/upgrade.ts';
export { findServer, stopServer } from './discovery/running-server.ts';
export type { ServerState } from './discovery/state-file.ts';
export { tlsOfFiles } from './discovery/tls-files.ts';
export { scopedTokensOfFile, tokenOfFile } from './discovery/token-file.ts';
export { ServeError, type ServeErrorCode } from './errors.ts';
export { answerJson, answerText } from './http/answers.ts';
export { HttpError } from './http/http-error.ts';
export { DEFAULT_LIMITS, type ServeLimits } from './http/limits.ts';
export type { Exchange, Method, Route } from './http/route.ts';
export { EventStream, type ServerSentEvent } from './http/event-stream.ts';
export { exportSpans, type SpanExportOptions, type SpanExportReport } from './otlp/export-spans.ts';
