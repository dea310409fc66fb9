/** Serves workers of the browser tests as one module each, made from the sources of this run. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'vitest/config';
import type { OneModule } from '../../scripts/build/one-module.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/**
 * Source files of the workers that tests start again and again. The development server would send each of about a hundred
 * modules apart, every time. Workers that import the test runner are started once a file and stay as they are.
 */
const WORKERS: ReadonlySet<string> = new Set([
  '/packages/agents/test/agents-worker.browser.ts',
  '/packages/core/src/host/worker.browser.ts',
  '/packages/sqljs-vfs/test/workers/database.browser.ts',
]);
const WASM = 'sql-wasm.wasm';
/** A bundle names SQLite's binary as its neighbour. */
const WORKER_OF_BINARY: ReadonlyMap<string, string> = new Map(
  [...WORKERS].map((source) => [path.posix.join(path.posix.dirname(source), WASM), source]),
);

/** Oxigraph's code in a bundle names its binary in the same way. */
const BINARY_OF_OXIGRAPH = '/packages/agents/test/web_bg.wasm';

function readOxigraph(): Promise<Uint8Array> {
  const module = createRequire(path.join(ROOT, 'packages/agents/package.json')).resolve('oxigraph');
  return readFile(path.join(path.dirname(module), path.basename(BINARY_OF_OXIGRAPH)));
}

async function build(source: string): Promise<OneModule> {
  const [{ buildOneModule }, { sqlJsAssets }] = await Promise.all([
    import('../../scripts/build/one-module.ts'),
    import('../../scripts/build/sqljs-assets.ts'),
  ]);
  return await buildOneModule(path.join(ROOT, source), {
    minify: false,
    plugins: [sqlJsAssets({ hasInline: false })],
  });
}

/**
 * Answers the requests for workers with bundles. Each is built at its first request and kept in memory, so that none of an
 * earlier run can be served; in watch mode a change of any source discards all of them.
 */
export function bundledWorkers(): Plugin {
  const built = new Map<string, Promise<OneModule>>();
  const bundleOf = (source: string): Promise<OneModule> => {
    const bundle = built.get(source) ?? build(source);
    built.set(source, bundle);
    return bundle;
  };
  return {
    name: 'bundled-workers',
    configureServer(server) {
      for (const source of WORKERS)
        if (!existsSync(path.join(ROOT, source)))
          throw new Error(`${source} is no longer a worker of a test`);
      server.watcher.on('all', () => built.clear());
      server.middlewares.use((request, response, next) => {
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
        const isWorker = WORKERS.has(pathname) && searchParams.has('worker_file');
        const source = isWorker ? pathname : WORKER_OF_BINARY.get(pathname);
        if (source === undefined && pathname !== BINARY_OF_OXIGRAPH) {
          next();
          return;
        }
        const answer = async (): Promise<void> => {
          try {
            const bundle = source && (await bundleOf(source));
            response.setHeader('content-type', isWorker ? 'text/javascript' : 'application/wasm');
            if (!bundle) response.end(await readOxigraph());
            else response.end(isWorker ? bundle.text : bundle.assets.get(WASM));
          } catch (error) {
            next(error);
          }
        };
        void answer();
      });
    },
  };
}
