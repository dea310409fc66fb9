/** The key of every encrypted database here. */
export const KEY: Uint8Array = new Uint8Array(32).fill(7);
