/**
 * Text of the whole worker in one module, for pages that cannot load the worker's file. The build replaces this file; the
 * sources are served with every file.
 */
export const INLINE_WORKER: string | undefined = undefined;
