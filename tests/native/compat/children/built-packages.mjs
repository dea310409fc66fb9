/**
 * Has Node find the built packages by their names. In the repository these names lead to the TypeScript sources, which
 * not every supported Node can run; children of tests are plain processes and run what is published.
 */
import { register } from 'node:module';

const ENTRIES = {
  '@ggen-sim/core': '../../../../packages/core/dist/index.js',
  '@ggen-sim/core/testing': '../../../../packages/core/dist/testing/index.js',
  '@ggen-sim/sqljs-vfs': '../../../../packages/sqljs-vfs/dist/index.js',
  '@ggen-sim/sqljs-vfs/file': '../../../../packages/sqljs-vfs/dist/file.js',
  '@ggen-sim/sqljs-vfs/testing': '../../../../packages/sqljs-vfs/dist/testing.js',
};

const urls = Object.fromEntries(
  Object.entries(ENTRIES).map(([name, file]) => [name, new URL(file, import.meta.url).href]),
);
const hook = `
const urls = ${JSON.stringify(urls)};
export const resolve = (name, context, next) =>
  urls[name] ? { url: urls[name], shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
