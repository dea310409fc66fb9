import type { Plugin, Rollup } from 'vite';

/** The files of SQLite that the page itself would load. */
const DATABASE_FILES = /\/(?:open-in-process|inline-wasm|inline-worker\.browser)-[\w-]+\.js$|\.wasm$/;

/**
 * Leaves workers and SQLite out of a page whose database is opened by its server, and what only they load. Nothing starts or
 * loads them there. Code of a worker is an asset of the build, and no other code is.
 */
export function withoutOwnDatabase(): Plugin {
  return {
    name: 'without-own-database',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const [name, { type }] of Object.entries(bundle)) {
        const isWorker = type === 'asset' && name.endsWith('.js');
        if (isWorker || DATABASE_FILES.test(name)) delete bundle[name];
      }
      const needed = neededChunks(bundle);
      for (const [name, { type }] of Object.entries(bundle)) {
        if (type === 'chunk' && !needed.has(name)) delete bundle[name];
      }
    },
  };
}

/** The chunks that the page's entry leads to. */
function neededChunks(bundle: Rollup.OutputBundle): Set<string> {
  const needed = new Set<string>();
  const add = (name: string): void => {
    const output = bundle[name];
    if (output?.type !== 'chunk' || needed.has(name)) return;
    needed.add(name);
    for (const imported of [...output.imports, ...output.dynamicImports]) add(imported);
  };
  for (const [name, output] of Object.entries(bundle)) {
    if (output.type === 'chunk' && output.isEntry) add(name);
  }
  return needed;
}
