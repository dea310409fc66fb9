import { readFileSync } from 'node:fs';
import { wasmUrl } from './wasm-url.node.ts';

/**
 * Compiles the WebAssembly of the pinned sql.js. Synchronous compilation is lazy and takes 4 ms; `WebAssembly.compile`
 * works in the background and blocks the event loop for 72 ms later.
 */
export async function compileWasm(): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await readBinary());
}

/** Reads the file, or the copy within the code: bundlers for servers (esbuild, Next, Bun) leave the file behind. */
async function readBinary(): Promise<Uint8Array> {
  try {
    return readFileSync(wasmUrl());
  } catch (error) {
    const { INLINE_WASM } = await import('./inline-wasm.ts');
    if (INLINE_WASM === undefined) throw error;
    const { gunzipSync } = process.getBuiltinModule('node:zlib');
    return gunzipSync(Buffer.from(INLINE_WASM, 'base64'));
  }
}
