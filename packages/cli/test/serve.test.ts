/** `serve`, `serve status` and `serve stop` as processes: started, called, ended by each way, and killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const stateFile = `${sandbox.databasePath}-serve.json`;

/** A server as a process. */
interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stderr: string }>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts a server, and returns when it has printed its address. */
async function serve(...words: readonly string[]): Promise<Serving> {
  const child = spawn(process.execPath, [programPath, 'serve', ...words], { cwd: sandbox.directory });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
  child.stderr.on('data', (data: Buffer) => (stderr += String(data)));
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, stderr }));
  await expect.poll(() => stdout).toMatch(/^\}/m);
  return { child, ended, url: (JSON.parse(stdout) as { readonly url: string }).url };
}

await sandbox.db('save-receipt', 'exec-1', 'agent-1', 'validation', '{"n":1}', '--create');

describe('serve', () => {
  it('is found, called with curl, follows other processes, and is stopped', async () => {
    const { url, ended } = await serve('--create');
    const status = JSON.parse((await sandbox.run(['serve', 'status'])).stdout) as Record<string, unknown>;
    expect(status).toMatchObject({ url, database: sandbox.databasePath, requires_token: true });
    expect(JSON.stringify(status)).not.toContain(
      (await sandbox.run(['serve', 'status', '--token'])).stdout.trim(),
    );
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);
    const script = `
      set -euo pipefail
      url=$(ggen-sim serve status | jq -r .url)
      token=$(ggen-sim serve status --token)
      curl -s "$url/healthz" | jq -r .status
      curl -s "$url/changes" | jq -r .error.code
      touch stream
      curl -sN -H "Authorization: Bearer $token" "$url/changes?rows=true" > stream &
      until grep -q exec-1 stream; do sleep 0.05; done
      ggen-sim db save-receipt exec-2 agent-1 validation '{}' > saved
      until grep -q exec-2 stream; do sleep 0.05; done
      ggen-sim serve stop 2> notice
      wait $!
      sed -n 's/^data: //p' stream | jq -r .data.row.execution_id`;
    expect(await sandbox.shell(script)).toMatchObject({
      stdout: 'ok\nUNAUTHORIZED\nexec-1\nexec-2\n',
      stderr: '',
    });
    expect(await ended).toEqual({ exitCode: 0, stderr: '' });
    expect(existsSync(stateFile)).toBe(false);
    for (const words of [
      ['serve', 'status'],
      ['serve', 'stop'],
      ['serve', 'status', '--token'],
    ]) {
      const { exitCode, stderr, stdout } = await sandbox.run(words);
      expect([exitCode, stdout, stderr.slice(0, 18)]).toEqual([1, '', 'error[NOT_SERVED]:']);
    }
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('ends in order on %s with exit code %i', async (signal, exitCode) => {
    const { url, child, ended } = await serve(sandbox.databasePath, '--no-token');
    const stream = await fetch(`${url}/changes`);
    let text = '';
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (text.includes('"seq":1')) child.kill(signal);
    }
    expect(text).toMatch(/\n\n$/);
    expect(await ended).toEqual({ exitCode, stderr: '' });
    expect(readdirSync(dirname(stateFile))).toEqual(['ggen.db']);
  });

  it('stops where its address cannot be written', async () => {
    const { exitCode, stderr } = await sandbox.shell('ggen-sim serve > /dev/full');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^error\[IO_ERROR\]: Standard output: /)]);
    expect(existsSync(stateFile)).toBe(false);
  });

  it('takes the place of a server that was killed, and refuses a second one', async () => {
    const { child, ended } = await serve();
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(stateFile)).toBe(true);
    expect((await sandbox.run(['serve', 'status'])).stderr).toContain('NOT_SERVED');
    const next = await serve();
    const second = await sandbox.run(['serve']);
    expect([second.exitCode, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toContain(`error[ALREADY_SERVED]: Process ${next.child.pid} serves`);
    expect((await sandbox.run(['serve', 'stop', sandbox.databasePath])).exitCode).toBe(0);
    expect((await next.ended).exitCode).toBe(0);
  });

  it('keeps its token in a file, if asked', async () => {
    const token = ['--token-file', 'token'];
    for (let start = 0; start < 2; start += 1) {
      const { url, ended } = await serve(...token);
      const script = `curl -s -H "Authorization: Bearer $(cat token)" ${url}/changes?follow=false | grep -c ^data:`;
      expect((await sandbox.shell(script)).stdout.trim()).toMatch(/^[12]$/);
      await sandbox.run(['serve', 'stop']);
      await ended;
    }
    expect(statSync(join(sandbox.directory, 'token')).mode & 0o777).toBe(0o600);
  });

  it('takes events of hooks and calls of MCP, and has stored what it answered when it is killed', async () => {
    const { url, child, ended } = await serve('--no-token', '--write');
    const taken: string[] = [];
    const post = async (id: string): Promise<void> => {
      const event = { hook_event_name: 'PreToolUse', session_id: 's', tool_use_id: id, tool_name: 'Bash' };
      const answer = await fetch(`${url}/hooks`, { method: 'POST', body: JSON.stringify(event) });
      if (answer.status === 204) taken.push(id);
      if (taken.length === 20) child.kill('SIGKILL');
    };
    await Promise.allSettled(Array.from({ length: 60 }, (_, index) => post(`call-${index}`)));
    await ended;
    expect(taken.length).toBeGreaterThanOrEqual(20);
    const rows = await sandbox.db('query-audit-trail', '--operation', 'Bash', '--limit', '100');
    for (const id of taken) expect(rows).toContain(id);
    const { url: next, ended: nextEnded } = await serve('--no-token', '--agent', 'coder');
    expect((await fetch(`${next}/hooks`, { method: 'POST', body: '{}' })).status).toBe(403);
    const initialize = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    };
    const answer = await fetch(`${next}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize }),
    });
    const data = /^data: (?<json>.+)$/mu.exec(await answer.text())?.groups?.['json'] ?? '';
    expect(JSON.parse(data)).toMatchObject({ result: { serverInfo: { name: 'ggen-sim' } } });
    await sandbox.run(['serve', 'stop']);
    await nextEnded;
  });

  it.each([
    [['--no-token', '--host', '0.0.0.0'], 64, 'ADDRESS_REFUSED'],
    [['--no-token', '--token-file', 'token'], 64, 'USAGE'],
    [['--port', '65536'], 64, 'USAGE'],
    [['--host', '0.0.0.0'], 64, 'ADDRESS_REFUSED'],
    [['--host', '127.0.0.1 '], 64, 'ADDRESS_REFUSED'],
    [['--tls-cert', 'cert.pem'], 64, 'USAGE'],
    [['--tls-key', 'key.pem'], 64, 'USAGE'],
    [['--tls-cert', 'none', '--tls-key', 'none'], 1, 'TLS_REFUSED'],
    [['--token-file', '.'], 1, 'TOKEN_FILE_REFUSED'],
    [['none.db'], 1, 'NOT_FOUND'],
    [['one.db', '--db', 'two.db'], 64, 'USAGE'],
    [['--nonsense'], 64, 'USAGE'],
  ])('%j is refused with exit code %i and %s', async (words, exitCode, code) => {
    const finished = await sandbox.run(['serve', ...words]);
    expect([finished.exitCode, finished.stdout]).toEqual([exitCode, '']);
    expect(finished.stderr).toContain(`error[${code}]: `);
    expect(existsSync(stateFile)).toBe(false);
  });
});

describe('serve with TLS', () => {
  it('is called by curl, Node, MCP and sync that trust its authority, and found without it', async () => {
    await sandbox.shell(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj /CN=ggen \\
      -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem 2> /dev/null`);
    const words = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem', '--hub', '--write'];
    const elsewhere = await sandbox.run(['serve', '--host', '192.0.2.1', ...words]);
    expect([elsewhere.exitCode, elsewhere.stderr]).toEqual([
      1,
      expect.stringContaining('error[ADDRESS_UNAVAILABLE]: '),
    ]);
    const { url, ended } = await serve('--host', '0.0.0.0', ...words);
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const script = `
      export url=$(ggen-sim serve status | jq -r .url)
      export GGEN_SIM_SYNC_TOKEN=$(ggen-sim serve status --token)
      curl -s --cacert cert.pem "$url/healthz" | jq -r .status
      curl -s "$url/healthz"; echo "unknown authority $?"
      curl -s "http\${url#https}/healthz"; echo "plain $?"
      echo '{"hook_event_name":"PreToolUse","session_id":"s","tool_use_id":"t","tool_name":"Bash"}' |
        curl -s --cacert cert.pem -H "Authorization: Bearer $GGEN_SIM_SYNC_TOKEN" -d @- -w '%{http_code}\\n' "$url/hooks"
      cat > client.mjs << 'END'
      const answer = await fetch(process.env.url + '/mcp', {
        method: 'POST',
        headers: {
          authorization: 'Bearer ' + process.env.GGEN_SIM_SYNC_TOKEN,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {
          protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } } }),
      }).catch((error) => error.cause);
      console.log(answer.status ?? answer.code);
END
      node client.mjs
      NODE_EXTRA_CA_CERTS=cert.pem node client.mjs
      ggen-sim db save-receipt exec-tls agent-1 validation '{}' --db ada.db --create > saved
      ggen-sim sync init "$url" --db ada.db > init 2> without; grep -o 'error\\[[A-Z_]*\\]' without
      export NODE_EXTRA_CA_CERTS=cert.pem
      ggen-sim sync init "$url" --db ada.db > init && ggen-sim sync run --db ada.db | jq .pushed.entries
      unset NODE_EXTRA_CA_CERTS
      ggen-sim db get-receipt --execution-id exec-1 | jq .n
      ggen-sim serve stop`;
    const { stdout, stderr } = await sandbox.shell(script);
    expect(stdout.split('\n')).toEqual([
      'ok',
      'unknown authority 60',
      expect.stringMatching(/^plain (?:52|56)$/),
      '204',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      '200',
      'error[SYNC_UNREACHABLE]',
      '1',
      '1',
      '',
    ]);
    expect(stderr).toContain(`Stopped the server at ${url}`);
    expect(await ended).toEqual({ exitCode: 0, stderr: '' });
  });
});
