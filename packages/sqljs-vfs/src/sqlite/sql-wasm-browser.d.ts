/** The build of sql.js's own for browsers, which runs in every JavaScript engine: it has no branches for Node. */
declare module 'sql.js/dist/sql-wasm-browser.js' {
  import type { InitSqlJsStatic } from 'sql.js';

  /** What the types of sql.js lack. */
  interface Options {
    /** False for SQLite without the functions that sql.js adds to it. */
    readonly useOldExtensionFunctions?: boolean;
  }
  type Init = (config?: Parameters<InitSqlJsStatic>[0] & Options) => ReturnType<InitSqlJsStatic>;
  const initSqlJs: Init;
  export default initSqlJs;
}
