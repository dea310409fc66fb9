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
  { name: 'nodenext, no platform types', compilerOptions: { ...NO_PLATFORM, ...NODENEXT } },
  { name: 'nodenext, Node', compilerOptions: { ...NODE, ...NODENEXT } },
  { name: 'bundler, no platform types', compilerOptions: { ...NO_PLATFORM, ...BUNDLER } },
  { name: 'bundler, page', compilerOptions: { ...PAGE, ...BUNDLER, customConditions: ['browser'] } },
  { name: 'Kysely, React and Svelte', compilerOptions: { ...PAGE, ...BUNDLER }, file: 'libraries.ts' },
  // Drizzle's own declarations import the drivers of every database, and fail here.
  { name: 'Drizzle', compilerOptions: { ...PAGE, ...BUNDLER }, file: 'drizzle.ts', faulty: 'drizzle-orm' },
];

/** Faults that a compiler printed, but for those in the declarations of one package. */
function faultsOutside(faultyPackage, printed) {
  const faults = printed.split('\n').filter((line) => /\berror TS\d+:/.test(line));
  if (faults.length === 0) return [printed];
  return faults.filter((line) => !line.startsWith(`node_modules/${faultyPackage}/`));
}

const rows = VERSIONS.map((version) => ({
  what: `TypeScript ${version}`,
  version: `typescript-${version}`,
  tried: 'every entry with `strict` and `skipLibCheck: false`; with the types of Node, of a page, of neither',
  async try({ project, run, check }) {
    for (const [index, { name, compilerOptions, file = 'index.ts', faulty }] of combinations.entries()) {
      const config = `tsconfig.${version}.${index}.json`;
      const options = {
        strict: true,
        target: 'es2022',
        noEmit: true,
        skipLibCheck: false,
        ...compilerOptions,
      };
      writeFileSync(path.join(project, config), JSON.stringify({ compilerOptions: options, files: [file] }));
      const compiler = path.join('node_modules', `typescript-${version}`, 'bin', 'tsc');
      await check(name, async () => {
        try {
          await run('node', [compiler, '-p', config, '--pretty', 'false'], { cwd: project });
        } catch (error) {
          const faults = faultsOutside(faulty, error.message);
          if (faults.length > 0) throw new Error(faults.join('\n'), { cause: error });
        }
      });
    }
  },
}));

export default { area: 'Types', rows };
