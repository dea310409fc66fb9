/**
 * The contract over HTTP: a POST for each method of a target, with what it takes as JSON. The answer is `{"result"}`, or
 * `{"error":{"code","message","hint"}}` with a status code. Bodies may be compressed with gzip both ways. `subscribe` is a GET,
 * answered with server-sent events whose data is `{"position"}`.
 */
export const HUB_PATH = '/sync/v1';

/** Names of the methods, which are the last part of the path. */
export type HubMethod = 'id' | 'cursor' | 'unknown' | 'push' | 'pull' | 'cosign';

/** Bodies of fewer bytes are sent as they are. */
export const GZIP_FROM_BYTES = 1400;
