/** The build of sql.js's own for browsers, which runs in every JavaScript engine: it has no branches for Node. */
declare module 'sql.js/dist/sql-wasm-browser.js' {
  export { default } from 'sql.js';
}
