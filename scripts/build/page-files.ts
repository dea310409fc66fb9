import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

/** Puts the page of `ggen-sim studio` beside the built code, in the folder `page`. Builds it if it never was. */
export function pageFiles(): Plugin {
  const page = path.join(import.meta.dirname, '../../apps/simulator/dist-studio');
  return {
    name: 'page-files',
    writeBundle({ dir }: { readonly dir?: string | undefined }) {
      if (dir === undefined) throw new Error('a folder is needed for the page');
      if (!existsSync(page)) execFileSync('pnpm', ['run', 'build:studio'], { cwd: path.dirname(page) });
      cpSync(page, path.join(dir, 'page'), { recursive: true });
    },
  };
}
