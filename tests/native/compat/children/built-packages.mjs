/**
 * Resolves the packages' names to their built files. In the repository these names lead to TypeScript sources, which not
 * every supported Node can run; children of tests are plain processes and run what is published.
 */
import fs from 'node:fs';
import { register } from 'node:module';

const FOLDERS = ['core', 'sqljs-vfs'];

/** @typedef {string | { [condition: string]: Target }} Target */

/** Finds the file that Node loads. @param {Target | undefined} target @returns {string | undefined} */
const fileOf = (target) =>
  typeof target === 'object' ? fileOf(target['node'] ?? target['import'] ?? target['default']) : target;

/** @type {Record<string, string>} */
const urls = {};
for (const folder of FOLDERS) {
  const root = new URL(`../../../../packages/${folder}/`, import.meta.url);
  const { publishConfig } = /** @type {{ publishConfig: { exports: Record<string, Target> } }} */ (
    JSON.parse(fs.readFileSync(new URL('package.json', root), 'utf8'))
  );
  for (const [entry, target] of Object.entries(publishConfig.exports)) {
    const file = fileOf(target);
    if (file) urls[`@ggen-sim/${folder}${entry.slice(1)}`] = new URL(file, root).href;
  }
}
const hook = `
const urls = ${JSON.stringify(urls)};
export const resolve = (name, context, next) =>
  urls[name] ? { url: urls[name], shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
