/** Every request that `serve` takes, as its page lists them: who may send it. A route that is added must be listed there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/serve.md'), 'utf8');
const HUB = '/sync/v1/';
const APP = 'https://app.example';
const [PUSH, PULL] = ['a'.repeat(32), 'b'.repeat(32)];

/** The requests of the page: method and path. A path with `*` stands for those of the table of the hub. */
const REQUESTS = [...PAGE.matchAll(/^\| (?:`(?:[A-Z]+ )?\/[^|]*`,? ?)+ +\|/gmu)].flatMap(([cell]) =>
  [...cell.matchAll(/`(?<method>[A-Z]+)? ?(?<path>\/[^`]*)`/gu)].map(({ groups = {} }) => ({
    method: groups['method'] ?? 'POST',
    path: groups['path'] ?? '',
  })),
);

const sandbox = new Sandbox();
await sandbox.db('save-receipt', 'exec-1', 'agent-1', 'validation', '{}');
writeFileSync(join(sandbox.directory, 'tokens'), `push ${PUSH}\npull ${PULL}\n`, { mode: 0o600 });
const words = ['--hub', '--hub-tokens', 'tokens', '--allow-origin', APP, '--token-file', 'token'];
const server = spawn(process.execPath, [programPath, 'serve', ...words], { cwd: sandbox.directory });
afterAll(async () => {
  server.kill('SIGTERM');
  await once(server, 'close');
});
let output = '';
for await (const data of server.stdout) {
  output += String(data);
  if (/^\}/mu.test(output)) break;
}
const { url } = JSON.parse(output) as { readonly url: string };
const TOKEN = readFileSync(join(sandbox.directory, 'token'), 'utf8').trim();

/** Sends a request. @returns its status and the code of its refusal */
function ask(
  { method, path }: (typeof REQUESTS)[number],
  token: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const all = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = http.request(`${url}${path}`, { method, headers: all, agent: false }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => {
        text += String(data);
        // A stream has no end: its beginning is enough.
        if (response.statusCode === 200) response.destroy();
      });
      response.on('close', () => {
        const code = /"code":"(?<code>[A-Z_]+)"/u.exec(text)?.groups?.['code'];
        resolve(response.statusCode === 200 || code === undefined ? String(response.statusCode) : code);
      });
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{}' : undefined);
  });
}

const single = REQUESTS.filter(({ path }) => !path.includes('*'));
const others = single.filter(({ path }) => !path.startsWith(HUB));
const hub = single.filter(({ path }) => path.startsWith(HUB));

it('are listed', () => {
  expect(others.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /healthz',
    'GET /changes',
    'GET /metrics',
    'POST /stop',
    'POST /v1/traces',
    'POST /v1/logs',
    'POST /graphql',
    'POST /mcp',
    'POST /hooks',
  ]);
  expect(hub.map(({ path }) => path.slice(HUB.length))).toEqual([
    'id',
    'cursor',
    'unknown',
    'push',
    'pull',
    'cosign',
    'subscribe',
  ]);
});

it.each(others)('$method $path is for the token, and no page of another site', async (request) => {
  const isPublic = request.path === '/healthz';
  expect({
    noToken: await ask(request, undefined),
    tokenOfHub: await ask(request, PUSH),
    otherTokenOfHub: await ask(request, PULL),
    rebound: await ask(request, TOKEN, { host: 'evil.example' }),
    foreignPage: await ask(request, TOKEN, { origin: 'https://evil.example' }),
    pageOfTheHub: await ask(request, TOKEN, { origin: APP }),
    link: await ask(request, TOKEN, { 'sec-fetch-site': 'cross-site' }),
  }).toEqual({
    noToken: isPublic ? '200' : 'UNAUTHORIZED',
    tokenOfHub: isPublic ? '200' : 'FORBIDDEN_SCOPE',
    otherTokenOfHub: isPublic ? '200' : 'FORBIDDEN_SCOPE',
    rebound: 'FOREIGN_HOST',
    foreignPage: 'FOREIGN_ORIGIN',
    pageOfTheHub: 'FOREIGN_ORIGIN',
    link: 'FOREIGN_ORIGIN',
  });
});

it.each(hub)('$method $path is for the tokens of the page, also for allowed pages', async (request) => {
  const [, scopes = ''] =
    new RegExp(`\`${request.method} ${request.path}\`[^|]*\\|[^|]*\\| (?<scopes>[^|]*)\\|`, 'u').exec(PAGE) ??
    [];
  const isEnough = (scope: string): boolean => scopes.includes(`\`${scope}\``);
  const allowed = async (token: string, headers = {}): Promise<boolean> =>
    !['UNAUTHORIZED', 'FORBIDDEN_SCOPE', 'FOREIGN_ORIGIN'].includes(await ask(request, token, headers));
  expect({
    noToken: await ask(request, undefined),
    push: await allowed(PUSH),
    pull: await allowed(PULL),
    token: await allowed(TOKEN, { origin: APP }),
    rebound: await ask(request, TOKEN, { host: 'evil.example' }),
    foreignPage: await ask(request, TOKEN, { origin: 'https://evil.example' }),
  }).toEqual({
    noToken: 'UNAUTHORIZED',
    push: isEnough('push'),
    pull: isEnough('pull'),
    token: true,
    rebound: 'FOREIGN_HOST',
    foreignPage: 'FOREIGN_ORIGIN',
  });
});

it.each(others.filter(({ method }) => method === 'POST'))(
  '$method $path takes no other method',
  async ({ path }) => {
    const methods =
      path === '/mcp' ? ['PUT'] : path === '/graphql' ? ['PUT', 'DELETE'] : ['GET', 'PUT', 'DELETE'];
    for (const method of methods)
      expect([method, await ask({ method, path }, TOKEN)]).toEqual([method, 'METHOD_NOT_ALLOWED']);
  },
);

it('those that save are refused without --write', async () => {
  for (const path of ['/v1/traces', '/v1/logs', '/hooks'])
    expect([path, await ask({ method: 'POST', path }, TOKEN)]).toEqual([path, 'READ_ONLY']);
  const mutation = JSON.stringify({ query: 'mutation { __typename }' });
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: mutation,
  });
  expect(await answer.text()).toContain('errors');
});
