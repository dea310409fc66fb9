import { wasmUrl } from './wasm-url.browser.ts';

/**
 * Compiles the WebAssembly of the pinned sql.js. Some bundlers (esbuild, Rollup, Vite's development server) leave the file
 * behind, and many servers answer for a missing file with a page; then the copy within the code is compiled.
 */
export async function compileWasm(): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await fetchBytes(wasmUrl()));
  } catch (error) {
    const bytes = await inlineBytes();
    if (bytes) return WebAssembly.compile(bytes);
    throw error;
  }
}

async function fetchBytes(url: URL | string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot fetch ${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

/** The copy within the code, or nothing where it cannot be loaded either. */
async function inlineBytes(): Promise<ArrayBuffer | undefined> {
  try {
    const { INLINE_WASM } = await import('./inline-wasm.ts');
    if (INLINE_WASM === undefined) return undefined;
    const compressed = Uint8Array.from(atob(INLINE_WASM), (character) => character.charCodeAt(0));
    const bytes = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return await new Response(bytes).arrayBuffer();
  } catch {
    return undefined;
  }
}
