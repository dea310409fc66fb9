/**
 * Key of the method that `await using` calls. Safari has neither; esbuild, Vite, SWC and Babel compile `await using` for
 * it, and look for this symbol instead.
 */
export const ASYNC_DISPOSE: typeof Symbol.asyncDispose =
  (Symbol as Partial<SymbolConstructor>).asyncDispose ??
  (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose);
