import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The bytes of the WebAssembly that belongs to the pinned sql.js. */
export async function readWasmBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
  return new Uint8Array(await readFile(wasmPath));
}
