/**
 * The WebAssembly of the pinned sql.js, compressed with gzip, in Base64. It is for bundles that come without the file, and
 * loaded only there. The build replaces this file; the sources have the binary.
 */
export const INLINE_WASM: string | undefined = undefined;
