/** Sizes beyond which the server refuses or shortens. A model's context holds far less. */

/** Largest receipt, memory or text of an audit entry that a tool stores, in bytes of UTF-8. */
export const MAX_DOCUMENT_BYTES: number = 1024 * 1024;

/** Largest message of a client, in bytes. A longer one is refused without being parsed. */
export const MAX_MESSAGE_BYTES: number = 4 * 1024 * 1024;

/** Largest number of rows that a query returns. */
export const MAX_ROWS = 100;

/** Length above which a query shortens a text of a row. `receipt_get`, `memory_get` and the resources have it whole. */
export const MAX_TEXT_CHARACTERS: number = 8 * 1024;

/** Largest number of resources to which a client may be subscribed at a time. */
export const MAX_SUBSCRIPTIONS = 1000;

/** Longest URI of a resource, in characters. An id of that length may be percent-encoded. */
export const MAX_URI_CHARACTERS: number = 8 * 1024;

/** Longest id, in characters. */
export const MAX_ID_CHARACTERS = 512;
