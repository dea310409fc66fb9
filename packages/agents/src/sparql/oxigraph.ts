import type * as oxigraph from 'oxigraph';

/** The oxigraph module, ready to use: an engine of SPARQL 1.1, compiled to WebAssembly. */
export type Oxigraph = typeof oxigraph;

let loading: Promise<Oxigraph> | undefined;

/** Loads oxigraph, about 4 MB, on first use. In browsers its binary is fetched from beside its code. */
export async function loadOxigraph(): Promise<Oxigraph> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Oxigraph> {
  const loaded = await import('oxigraph');
  const { default: initialize } = loaded;
  // Its build for Node has no such function: there it reads the binary when it is loaded.
  if (typeof initialize === 'function') await initialize();
  return loaded;
}
