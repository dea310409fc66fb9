import path from 'node:path';

/**
 * Where to look for installed packages from, for `createRequire`. A bundle in CommonJS does not know its own URL; there it
 * is the script that Node was started with.
 */
export const moduleLocation = (): string => import.meta.url ?? path.resolve(process.argv[1] ?? 'index.js');
