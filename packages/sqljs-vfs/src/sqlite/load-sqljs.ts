/**
 * The only importer of sql.js. Everything that depends on its version is here and in `sqlite3-structs.ts`.
 *
 * Emscripten's documented `instantiateWasm` hook provides the WebAssembly instance. Its memory and its function table
 * are found by type, because the release build's export names are minified. The published package has an sql.js of its own,
 * apart from one that an application loads; it is loaded here once and kept.
 */
import initSqlJs from 'sql.js/dist/sql-wasm-browser.js';
import { compileWasm } from '#sqlite/wasm-binary';
import { VfsError } from '../errors.ts';
import type { SqlJsDatabase } from './sqljs-types.ts';

/** Members of sql.js 1.16.0's module. */
export interface SqlJsModule {
  readonly Database: new (
    image?: Uint8Array,
  ) => SqlJsDatabase & { readonly db: number; readonly filename: string };
  addFunction(callback: (...args: never[]) => number, signature: string): number;
  _malloc(sizeBytes: number): number;
}

/** sql.js with its WebAssembly memory and function table. */
export interface SqlJs {
  readonly module: SqlJsModule;
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
}

let loaded: Promise<SqlJs> | undefined;

/**
 * Loads sql.js, once per realm.
 * @throws VfsError `UNSUPPORTED_SQLJS` when its build is not the expected one
 */
export function loadSqlJs(): Promise<SqlJs> {
  loaded ??= load();
  // Fetching the binary may fail temporarily, so the next call tries again.
  loaded.catch(() => (loaded = undefined));
  return loaded;
}

async function load(): Promise<SqlJs> {
  const compiled = await compileWasm();
  let instance: WebAssembly.Instance | undefined;
  const initialising = withExactTextDecoder(() =>
    initSqlJs({
      // The legacy functions of sql.js write beyond their memory: one `replicate()` of a great length destroys the heap.
      useOldExtensionFunctions: false,
      instantiateWasm(imports: WebAssembly.Imports, received: (instance: WebAssembly.Instance) => void) {
        instance = new WebAssembly.Instance(compiled, imports);
        received(instance);
        return instance.exports;
      },
    }),
  );
  const module = (await initialising) as unknown as SqlJsModule;
  const exports = Object.values(instance?.exports ?? {});
  const memory = exports.find((value) => value instanceof WebAssembly.Memory);
  const table = exports.find((value) => value instanceof WebAssembly.Table);
  if (!memory || !table || typeof module.addFunction !== 'function' || typeof module._malloc !== 'function') {
    throw new VfsError('UNSUPPORTED_SQLJS', 'this build of sql.js lacks functions of 1.16.0', {
      hint: 'Install @ggen-sim/sqljs-vfs again: its files do not belong together.',
    });
  }
  return { module, memory, table };
}

/**
 * Initialises sql.js with a text decoder that keeps a U+FEFF at the start of a text. The default decoder takes it for a
 * byte order mark and drops it, so that a text read back would differ from the saved one. sql.js creates its only
 * decoder synchronously during its initialisation, so no other code sees the replaced class.
 */
function withExactTextDecoder<T>(initialise: () => T): T {
  const Decoder = globalThis.TextDecoder;
  globalThis.TextDecoder = class extends Decoder {
    constructor() {
      super('utf-8', { ignoreBOM: true });
    }
  };
  try {
    return initialise();
  } finally {
    globalThis.TextDecoder = Decoder;
  }
}
