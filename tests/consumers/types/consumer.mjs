import { writeFileSync } from 'node:fs';
import path from 'node:path';

const VERSIONS = ['5.4', '5.7', '5.9', '6', '7'];

const NO_PLATFORM = { lib: ['es2022'], types: [] };
const NODE = { lib: ['es2022'], types: ['node'] };
const PAGE = { lib: ['es2022', 'dom', 'dom.iterable'], types: [] };
const NODE16 = { module: 'node16', moduleResolution: 'node16' };
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' };
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' };

const combinations = [
  { name: 'node16, no platform types', compilerOptions: { ...NO_PLATFORM, ...NODE16 } },
  { name: 'nodenext, Node', compilerOptions: { ...NODE, ...NODENEXT } },
  { name: 'bundler, no platform types', compilerOptions: { ...NO_PLATFORM, ...BUNDLER } },
  { name: 'bundler, page', compilerOptions: { ...PAGE, ...BUNDLER, customConditions: ['browser'] } },
];

const rows = VERSIONS.map((version) => ({
  what: `TypeScript ${version}`,
  version: `typescript-${version}`,
  tried: 'every entry with `strict` and `skipLibCheck: false`; with the types of Node, of a page, of neither',
  async try({ project, run, check }) {
    for (const [index, { name, compilerOptions }] of combinations.entries()) {
      const file = `tsconfig.${version}.${index}.json`;
      const options = {
        strict: true,
        target: 'es2022',
        noEmit: true,
        skipLibCheck: false,
        ...compilerOptions,
      };
      writeFileSync(
        path.join(project, file),
        JSON.stringify({ compilerOptions: options, files: ['index.ts'] }),
      );
      const compiler = path.join('node_modules', `typescript-${version}`, 'bin', 'tsc');
      await check(name, () => run('node', [compiler, '-p', file], { cwd: project }));
    }
  },
}));

export default { area: 'Types', rows };
