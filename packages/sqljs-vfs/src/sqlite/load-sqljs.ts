/**
 * The only importer of sql.js. Everything that depends on its version is here and in `vfs-layout.ts`.
 *
 * Emscripten's documented `instantiateWasm` hook hands us the WebAssembly instance, whose memory and function table
 * are found by type, because the release build's export names are minified. `initSqlJs` is memoised: whoever calls it
 * first decides, so a realm has one sql.js, loaded here once and kept.
 */
import initSqlJs from 'sql.js';
import { compileWasm } from '#sqlite/wasm-binary';
import { VfsError } from '../errors.ts';

/** sql.js's database class, as its types describe it. */
export type SqlJsDatabase = InstanceType<initSqlJs.SqlJsStatic['Database']>;

/** A statement of sql.js, as its types describe it. */
export type SqlJsStatement = ReturnType<SqlJsDatabase['prepare']>;

/** What sql.js 1.16.0's module offers beside its types. */
export interface SqlJsModule {
  readonly Database: new (
    image?: Uint8Array,
  ) => SqlJsDatabase & { readonly db: number; readonly filename: string };
  addFunction(callback: (...args: never[]) => number, signature: string): number;
  _malloc(sizeBytes: number): number;
}

/** sql.js with the WebAssembly underneath it. */
export interface SqlJs {
  readonly module: SqlJsModule;
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
}

let loaded: Promise<SqlJs> | undefined;

/**
 * Loads sql.js, once per realm.
 * @throws VfsError `UNSUPPORTED_SQLJS` when sql.js was initialised by somebody else before, or is not the build we know
 */
export function loadSqlJs(): Promise<SqlJs> {
  loaded ??= load();
  // A failed fetch of the binary may pass; the next call tries again.
  loaded.catch(() => (loaded = undefined));
  return loaded;
}

async function load(): Promise<SqlJs> {
  const compiled = await compileWasm();
  let instance: WebAssembly.Instance | undefined;
  const initialising = whileDecodingExactly(() =>
    initSqlJs({
      instantiateWasm(imports: WebAssembly.Imports, received: (instance: WebAssembly.Instance) => void) {
        instance = new WebAssembly.Instance(compiled, imports);
        received(instance);
        return instance.exports;
      },
    }),
  );
  const module = (await initialising) as unknown as SqlJsModule;
  if (!instance) {
    throw new VfsError(
      'UNSUPPORTED_SQLJS',
      'sql.js was initialised before in this realm, so its memory is out of reach',
      {
        hint: 'Open the durable database before anything else calls initSqlJs(), or in a worker of its own.',
      },
    );
  }
  const exports = Object.values(instance.exports);
  const memory = exports.find((value) => value instanceof WebAssembly.Memory);
  const table = exports.find((value) => value instanceof WebAssembly.Table);
  if (!memory || !table || typeof module.addFunction !== 'function' || typeof module._malloc !== 'function') {
    throw new VfsError('UNSUPPORTED_SQLJS', 'this build of sql.js does not offer what 1.16.0 does', {
      hint: 'Install sql.js 1.16.0 exactly.',
    });
  }
  return { module, memory, table };
}

/**
 * sql.js makes its one text decoder while it is initialised, and as decoders are by default it takes a U+FEFF at the
 * start of a text for a byte order mark and drops it: a text read back would not be the text that was saved. Its
 * initialisation up to there is synchronous, so nobody else sees the decoder put in place for it.
 */
function whileDecodingExactly<T>(initialise: () => T): T {
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
