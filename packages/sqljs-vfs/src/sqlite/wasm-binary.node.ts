import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Compiles the WebAssembly of the pinned sql.js. Synchronous compilation is lazy and takes 4 ms; `WebAssembly.compile`
 * works in the background and blocks the event loop for 72 ms later.
 */
export async function compileWasm(): Promise<WebAssembly.Module> {
  const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
  return new WebAssembly.Module(readFileSync(wasmPath));
}
