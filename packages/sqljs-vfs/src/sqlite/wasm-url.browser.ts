/**
 * URL of the pinned sql.js's WebAssembly. The build replaces this file: there the binary is beside the code that names it,
 * in the form that bundlers know as an asset.
 */
export function wasmUrl(): URL {
  return new URL('../../node_modules/sql.js/dist/sql-wasm.wasm', import.meta.url);
}
