import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from 'tsdown';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

/** The folder and the name of the installed package that a module belongs to. */
const INSTALLED_PACKAGE = /^(?<folder>.*\/node_modules\/(?<name>(?:@[^/]+\/)?[^/]+))\//u;

/** The text of a package's licence; of a package that comes without the text, what its `package.json` says. */
function licenceIn(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(?:[.-]\w+)*$/iu.test(name));
  if (file !== undefined) return readFileSync(path.join(folder, file), 'utf8');
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  if (license === undefined) throw new Error(`${folder} names no licence, and its code is bundled`);
  return `${name} ${version} is published under the licence ${license}, without its text.\n`;
}

/** Puts the licence of every installed package whose code is bundled beside the built code. */
export function bundledLicences(): Plugin {
  return {
    name: 'bundled-licences',
    writeBundle({ dir }: { readonly dir?: string | undefined }, bundle) {
      if (dir === undefined) throw new Error('a folder is needed for the licences');
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      for (const id of modules) {
        const { folder, name } = INSTALLED_PACKAGE.exec(id)?.groups ?? {};
        if (folder === undefined || name === undefined || id.startsWith('\0')) continue;
        const fileName = `${name.replace('@', '').replace('/', '-')}-LICENSE.txt`;
        writeFileSync(path.join(dir, fileName), licenceIn(folder));
      }
    },
  };
}
