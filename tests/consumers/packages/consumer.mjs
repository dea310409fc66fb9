import { runnerImport } from 'vite';
import { serveFolder } from '../page/try-page.mjs';

/** A package that a program of this folder uses. */
const row = (name, tried) => ({
  what: `\`@ggen-sim/${name}\``,
  version: `@ggen-sim/${name}`,
  tried,
  try: ({ project, run }) => run('node', [`${name}.mjs`], { cwd: project }),
});

export default {
  area: 'Packages',
  rows: [
    row('agents', 'a validation that leaves its receipt'),
    row('graphql', 'a query and a subscription'),
    row('serve', 'token, events, metrics, GraphQL and hooks over HTTP; found and stopped'),
    row('mcp', "the protocol's own client over standard input and output and over HTTP"),
    row('sync', 'two databases over a hub'),
    {
      what: '`@ggen-sim/playwright`',
      version: '@ggen-sim/playwright',
      tried: 'matchers in Vitest; a seeded page in Playwright with Chromium',
      async try({ project, run, check }) {
        await check('Vitest', () => run('npx', ['vitest', 'run', 'receipts.test.js'], { cwd: project }));
        await check('Playwright', async () => {
          const { module } = await runnerImport('./tests/support/chromium-launch.ts');
          const server = await serveFolder(project);
          const env = { BASE_URL: server.url, LAUNCH_OPTIONS: JSON.stringify(module.chromiumLaunch) };
          try {
            await run('npx', ['playwright', 'test'], { cwd: project, env });
          } finally {
            await server.close();
          }
        });
      },
    },
  ],
};
