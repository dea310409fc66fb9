import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from 'tsdown';
import { bundledLicences } from './bundled-licences.ts';
import { buildOneModule, type OneModule } from './one-module.ts';
import { sqlJsAssets } from './sqljs-assets.ts';

type Plugin = Extract<NonNullable<UserConfig['plugins']>, { readonly name: string }>;

/**
 * Puts the text of the whole worker into the module that has it for pages which cannot load the worker's file, and the
 * licences of the packages within beside that module.
 */
export function inlineWorker(): Plugin {
  let built: Promise<OneModule> | undefined;
  return {
    name: 'inline-worker',
    async load(id: string) {
      if (!id.endsWith('/client/inline-worker.browser.ts')) return undefined;
      built ??= buildOneModule('src/host/worker.browser.ts', {
        plugins: [sqlJsAssets(), bundledLicences()],
      });
      const { text } = await built;
      return `export const INLINE_WORKER: string | undefined = ${JSON.stringify(text)};`;
    },
    async writeBundle({ dir = '' }: { readonly dir?: string | undefined }, bundle) {
      const module = Object.keys(bundle).find((file) => file.endsWith('/inline-worker.browser.js'));
      if (module === undefined || built === undefined) return;
      const { assets } = await built;
      for (const [file, text] of assets) {
        if (file.endsWith('-LICENSE.txt')) writeFileSync(path.join(dir, path.dirname(module), file), text);
      }
    },
  };
}
