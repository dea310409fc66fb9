import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** URL of the pinned sql.js's WebAssembly. The build replaces this file: there the binary is beside the code. */
export function wasmUrl(): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm'));
}
