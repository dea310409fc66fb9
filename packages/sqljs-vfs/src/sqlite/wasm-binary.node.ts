import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Compiles the WebAssembly that belongs to the pinned sql.js. Synchronously, which is lazy and takes a few
 * milliseconds: what `WebAssembly.compile` does in the background, Node's event loop later stands still for.
 */
export async function compileWasm(): Promise<WebAssembly.Module> {
  const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
  return new WebAssembly.Module(readFileSync(wasmPath));
}
