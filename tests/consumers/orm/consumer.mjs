import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { launchChromium, serveFolder, titleAfterVisit } from '../page/try-page.mjs';

/** A block of the installed README. */
function recipe(project, name) {
  const readme = readFileSync(path.join(project, 'node_modules/@ggen-sim/core/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
  return blocks.find((code) => code.includes(`@ggen-sim/sqljs-vfs/${name}`));
}

const row = (what, name, printed) => ({
  what,
  version: name === 'drizzle' ? 'drizzle-orm' : name,
  tried: "our tables by their types: the README's recipe on a file in Node; IndexedDB and reload in Chromium",
  async try({ project, run, check }) {
    await check('recipe of the README', async () => {
      for (const block of ['drizzle', name])
        writeFileSync(path.join(project, `${block}.ts`), recipe(project, block));
      const runRecipe = async (block) => {
        await run('npx', ['esbuild', `${block}.ts`, '--format=esm', `--outfile=out/${block}.mjs`], {
          cwd: project,
        });
        return run('node', [`out/${block}.mjs`], { cwd: project });
      };
      // The recipe for Drizzle is the one that saves.
      await runRecipe('drizzle');
      assert.match(await runRecipe(name), printed);
    });
    await check('IndexedDB', async () => {
      const options = ['--bundle', '--format=esm', `--outfile=dist-${name}/main.js`];
      await run('npx', ['esbuild', `${name}.js`, ...options], { cwd: project });
      const folder = path.join(project, `dist-${name}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        path.join(folder, 'index.html'),
        '<!doctype html><title>fresh</title><script type="module" src="./main.js"></script>',
      );
      const server = await serveFolder(folder);
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        for (const expected of ['counted 1', 'counted 2'])
          assert.equal(await titleAfterVisit(page, server.url), expected);
      } finally {
        await browser.close();
        await server.close();
      }
    });
  },
});

export default {
  area: 'Libraries',
  rows: [
    row('Drizzle', 'drizzle', /^\[\{"agentId":"validator-1","count":\d+\}\]\n$/),
    row('Kysely', 'kysely', /^\[\{"agent_id":"validator-1","count":\d+\}\]\n$/),
  ],
};
