/** The bytes of the WebAssembly that belongs to the pinned sql.js, as the page's bundler serves them. */
export async function readWasmBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const { default: url } = await import('sql.js/dist/sql-wasm.wasm?url');
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot fetch ${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
