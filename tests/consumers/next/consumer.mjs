import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { TRIED, tryPage } from '../page/try-page.mjs';

const env = { NEXT_TELEMETRY_DISABLED: '1' };

/** Starts the built application on a free port. @returns its URL and a function that ends it */
async function startNext(project) {
  const next = path.join(project, 'node_modules/next/dist/bin/next');
  const server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined)
      return {
        url: `${url}/`,
        async close() {
          server.kill();
          await ended;
        },
      };
  }
  throw new Error('next start ended');
}

async function tryNext({ project, run, check }, bundler) {
  rmSync(path.join(project, 'server.db'), { force: true });
  await run('npx', ['next', 'build', `--${bundler}`], { cwd: project, env });
  const server = await startNext(project);
  try {
    await check('route of the server, a file', async () => {
      for (const expected of ['counted 1', 'counted 2'])
        assert.equal(await (await fetch(new URL('api', server.url))).text(), expected);
    });
    await tryPage(server.url, check);
  } finally {
    await server.close();
  }
}

export default {
  area: 'Bundlers',
  sources: ['page'],
  rows: ['webpack', 'turbopack'].map((bundler) => ({
    what: `Next with ${bundler === 'webpack' ? 'webpack' : 'Turbopack'}`,
    version: 'next',
    tried: `${TRIED}; a route of the server with a file`,
    try: (context) => tryNext(context, bundler),
  })),
};
