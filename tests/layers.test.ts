/** The direction of imports between and within packages. A new folder, or a new direction, needs a line here. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { layerViolations, type PackageLayers } from './layers.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const LAYERS: Readonly<Record<string, PackageLayers>> = {
  'packages/sqljs-vfs': {
    packages: [
      'sqlite/load-sqljs.ts sql.js',
      'sqlite/load-sqljs.ts sql.js/dist/sql-wasm-browser.js',
      'sqlite/sql-wasm-browser.d.ts sql.js',
      'sqlite/wasm-url.browser.ts sql.js/dist/sql-wasm.wasm',
    ],
    folders: {
      testing: [
        'index.ts',
        'open-database.ts',
        'durable-database.ts',
        'sqlite',
        'storages/memory',
        'contract',
        'errors.ts',
      ],
      'index.ts': [
        'open-database.ts',
        'durable-database.ts',
        'sqlite',
        'storages/memory',
        'database-header.ts',
        'retry-busy.ts',
        'locks',
        'contract',
        'errors.ts',
        'result-codes.ts',
      ],
      orm: [
        'durable-database.ts',
        'sqlite',
        'serial-queue.ts',
        'retry-busy.ts',
        'errors.ts',
        'result-codes.ts',
      ],
      'internal.ts': [
        'errors.ts',
        'plain-reason.ts',
        'retry.ts',
        'retry-busy.ts',
        'database-header.ts',
        'contract',
      ],
      'internal-file.node.ts': ['locks', 'storages/node-file', 'temporary-storage.node.ts'],
      'temporary-storage.node.ts': ['sqlite', 'contract'],
      'open-database.ts': [
        'existing-file.ts',
        'durable-database.ts',
        'sqlite',
        'retry-busy.ts',
        'contract',
        'errors.ts',
        'result-codes.ts',
      ],
      'existing-file.ts': ['sqlite', 'database-header.ts', 'contract', 'errors.ts', 'result-codes.ts'],
      'durable-database.ts': [
        'sqlite',
        'database-header.ts',
        'retry-busy.ts',
        'contract',
        'errors.ts',
        'result-codes.ts',
      ],
      sqlite: ['database-header.ts', 'contract', 'errors.ts', 'result-codes.ts'],
      'storages/*': ['locks', 'serial-queue.ts', 'retry.ts', 'contract', 'errors.ts', 'result-codes.ts'],
      locks: ['contract'],
      'serial-queue.ts': [],
      'database-header.ts': ['contract'],
      'retry-busy.ts': ['errors.ts', 'retry.ts'],
      'retry.ts': [],
      contract: [],
      'errors.ts': ['plain-reason.ts', 'result-codes.ts'],
      'plain-reason.ts': [],
      'result-codes.ts': [],
    },
  },
  'packages/core': {
    packages: [
      '@ggen-sim/sqljs-vfs',
      'testing/test-framework.ts @ggen-sim/sqljs-vfs/testing',
      'persistence/open-storage.*.ts @ggen-sim/sqljs-vfs/*',
      '@ggen-sim/sqljs-vfs/internal',
      '@ggen-sim/sqljs-vfs/internal/file',
    ],
    folders: {
      testing: ['api'],
      orm: ['api'],
      'live-query': ['api'],
      'standalone.browser.ts': ['index.ts', 'host'],
      'index.ts': [
        'open-persistence.ts',
        'protocol',
        'exports',
        'schema/migrations',
        'transparency',
        'tables',
        'validation',
        'api',
      ],
      'open-persistence.ts': ['client', 'persistence', 'api'],
      client: ['protocol', 'host', 'changes', 'streams', 'validation', 'api'],
      host: ['protocol', 'persistence', 'changes', 'tables', 'api'],
      protocol: ['changes', 'tables', 'validation', 'api'],
      persistence: [
        'sql',
        'backup',
        'imports',
        'time-series',
        'maintenance',
        'transparency',
        'change-log',
        'queue',
        'changes',
        'exports',
        'streams',
        'schema',
        'schema/migrations',
        'tables',
        'engine',
        'validation',
        'api',
      ],
      sql: ['queue', 'engine', 'validation', 'api'],
      backup: [
        'maintenance',
        'change-log',
        'queue',
        'exports',
        'streams',
        'schema',
        'schema/migrations',
        'tables',
        'engine',
        'validation',
        'hashing',
        'api',
      ],
      maintenance: [
        'transparency',
        'change-log',
        'queue',
        'schema',
        'schema/migrations',
        'tables',
        'engine',
        'validation',
        'api',
      ],
      'time-series': ['validation', 'api'],
      imports: ['change-log', 'queue', 'exports', 'streams', 'tables', 'engine', 'validation', 'api'],
      transparency: [
        'change-log',
        'queue',
        'exports',
        'schema',
        'tables',
        'engine',
        'validation',
        'hashing',
        'api',
      ],
      'change-log': [
        'queue',
        'changes',
        'exports',
        'schema',
        'tables',
        'engine',
        'validation',
        'hashing',
        'api',
      ],
      queue: ['engine', 'validation', 'api'],
      changes: ['validation', 'api'],
      exports: ['streams', 'tables', 'engine', 'validation', 'api'],
      streams: ['tables', 'validation', 'hashing', 'api'],
      schema: ['tables', 'schema/migrations', 'engine', 'validation', 'hashing', 'api'],
      tables: ['schema/migrations', 'engine', 'validation', 'hashing', 'api'],
      'schema/migrations': [],
      engine: ['api'],
      validation: ['api'],
      hashing: [],
      api: ['../package.json'],
      '../package.json': [],
      'comlink-node-adapter.d.ts': [],
    },
  },
  'packages/agents': {
    packages: [
      '@ggen-sim/core',
      'worker/client.ts @ggen-sim/core/rpc',
      'worker/host.ts @ggen-sim/core/rpc',
      'worker/service.ts @ggen-sim/core/rpc',
      'worker/threads.ts @ggen-sim/core/rpc',
    ],
    folders: {
      'index.ts': [
        'agents.ts',
        'run-agent.ts',
        'unrecorded-run.ts',
        'validation',
        'recording',
        'agent.ts',
        'shacl',
        'rdf',
        'errors.ts',
      ],
      worker: ['agents.ts', 'run-agent.ts', 'unrecorded-run.ts', 'agent.ts', 'errors.ts'],
      'agents.ts': ['validation', 'agent.ts', 'errors.ts'],
      'run-agent.ts': ['unrecorded-run.ts', 'recording', 'agent.ts', 'errors.ts', 'versions.ts'],
      'unrecorded-run.ts': ['agent.ts', 'errors.ts'],
      validation: ['recording', 'agent.ts', 'shacl', 'sparql', 'rdf', 'pauses.ts', 'errors.ts', 'sha256.ts'],
      recording: ['sha256.ts'],
      'agent.ts': ['rdf', 'errors.ts'],
      shacl: ['sparql', 'rdf', 'pauses.ts', 'errors.ts', 'shortened.ts'],
      sparql: ['rdf', 'errors.ts'],
      rdf: ['pauses.ts', 'errors.ts', 'sha256.ts', 'shortened.ts'],
      'pauses.ts': ['errors.ts'],
      'errors.ts': [],
      'sha256.ts': [],
      'shortened.ts': [],
      'versions.ts': ['../package.json'],
      '../package.json': [],
      'untyped-modules.d.ts': [],
    },
  },
  'packages/mcp': {
    packages: ['@ggen-sim/core', 'message-limit.ts node:stream', 'stdio.ts node:stream'],
    folders: {
      'index.ts': ['stdio.ts', 'server.ts', 'limits.ts'],
      'stdio.ts': ['server.ts', 'message-limit.ts', 'tool-errors.ts', 'limits.ts'],
      'server.ts': ['tools', 'resources', 'tool-errors.ts', 'stored-data.ts', 'program-version.ts'],
      tools: ['tool-errors.ts', 'stored-data.ts', 'limits.ts'],
      resources: ['tool-errors.ts', 'stored-data.ts'],
      'message-limit.ts': [],
      'tool-errors.ts': [],
      'stored-data.ts': ['limits.ts'],
      'limits.ts': [],
      'program-version.ts': ['../package.json'],
      '../package.json': [],
    },
  },
  'packages/serve': {
    packages: ['@ggen-sim/core', 'node:*'],
    folders: {
      'index.ts': ['serve-database.ts', 'discovery', 'http', 'otlp', 'errors.ts'],
      'serve-database.ts': ['routes', 'discovery', 'access', 'http', 'errors.ts'],
      routes: ['metrics', 'http'],
      metrics: [],
      discovery: ['access', 'errors.ts'],
      access: ['http', 'errors.ts'],
      otlp: ['errors.ts'],
      http: ['errors.ts'],
      'errors.ts': [],
    },
  },
  'packages/cli': {
    packages: [
      '@ggen-sim/core',
      '@ggen-sim/serve',
      '@ggen-sim/agents',
      '@ggen-sim/agents/registry',
      '@ggen-sim/agents/client',
      'commands/mcp.ts @ggen-sim/mcp',
      'agents.worker.ts @ggen-sim/agents/worker',
      'node:*',
    ],
    folders: { '.': [] },
  },
  'apps/simulator': {
    packages: [
      '@ggen-sim/core',
      '@ggen-sim/core/react',
      '@ggen-sim/core/worker',
      '@ggen-sim/agents',
      '@ggen-sim/agents/client',
      '@ggen-sim/agents/worker',
      'database/*.ts @ggen-sim/sqljs-vfs/indexeddb',
    ],
    folders: { '.': [] },
  },
};

function sourcesOf(packageFolder: string): { file: string; text: string }[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', `${packageFolder}/src`], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((file) => /\.tsx?$/.test(file) && fs.existsSync(path.join(ROOT, file)))
    .map((file) => ({ file, text: fs.readFileSync(path.join(ROOT, file), 'utf8') }));
}

it.each(Object.keys(LAYERS))('%s imports in the direction of the data flow only', (packageFolder) => {
  const sources = sourcesOf(packageFolder);
  expect(sources.length).toBeGreaterThan(10);
  expect(layerViolations(LAYERS, sources)).toEqual([]);
});

it('refuses an import against the flow, an unlisted folder, and a list that is not in order', () => {
  const layers = {
    'packages/p': {
      packages: ['@ggen-sim/core', 'lower/* @ggen-sim/vfs/*'],
      folders: { 'index.ts': ['lower'], upper: ['lower'], lower: [], wrong: ['upper'], 'each/*': [] },
    },
  };
  const source = (file: string, text: string) => ({ file: `packages/p/src/${file}`, text });
  expect(
    layerViolations(layers, [
      source('index.ts', "import '@ggen-sim/core'; import { a } from './lower/a.ts';"),
      source('upper/b.ts', "export * from '../lower/a.ts'; import '@ggen-sim/vfs/a';"),
      source('lower/a.ts', "await import('../upper/b.ts'); import fs from 'node:fs';"),
      source(
        'lower/a.node.ts',
        "import fs from 'node:fs'; import { x } from '#upper/b'; import '@ggen-sim/vfs/a';",
      ),
      source('other/c.ts', ''),
      source('each/one/d.ts', "import './e.ts'; import '../two/f.ts';"),
    ]),
  ).toEqual([
    'packages/p: wrong names upper, which does not stand below it',
    'packages/p/src/upper/b.ts: @ggen-sim/vfs/a: this package must not import it here',
    'packages/p/src/lower/a.ts: ../upper/b.ts: lower may not import upper',
    'packages/p/src/lower/a.ts: node:fs: this package must not import it here',
    'packages/p/src/lower/a.node.ts: #upper/b: lower may not import upper',
    'packages/p/src/other/c.ts: its folder is not listed',
    'packages/p/src/each/one/d.ts: ../two/f.ts: each/one may not import each/two',
  ]);
});
