/** Compiles the WebAssembly of the pinned sql.js, from the URL at which the application's bundler serves it. */
export async function compileWasm(): Promise<WebAssembly.Module> {
  const { default: url } = await import('sql.js/dist/sql-wasm.wasm?url');
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot fetch ${url}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
