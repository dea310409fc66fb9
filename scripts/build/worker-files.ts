import type { UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

/** Points at the built worker file: sources start a worker by a file name that ends with `.ts`. */
export function workerFiles(source: RegExp, extension: 'js' | 'mjs'): Plugin {
  return {
    name: 'worker-files',
    transform: (code: string) => code.replaceAll(source, `$1$2.${extension}$1`),
  };
}
