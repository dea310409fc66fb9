/** A server with a certificate: who reaches it, who does not, and how it is found and stopped. OpenSSL makes the files. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findServer, serveDatabase, stopServer, tlsOfFiles } from '../src/index.ts';
import type { RunningServer, ServeOptions } from '../src/index.ts';
import { createFolder } from './support/served-database.ts';

/** Makes a certificate that signs itself, and its key. */
function selfSigned(folder: string, name: string, ...names: readonly string[]): [string, string] {
  const [certificate, key] = [path.join(folder, `${name}.pem`), path.join(folder, `${name}.key`)];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-noenc',
    '-days',
    '2',
  ];
  const subject = ['-subj', `/CN=${name}`, ...names.flatMap((san) => ['-addext', `subjectAltName=${san}`])];
  execFileSync('openssl', [...made, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  return [certificate, key];
}

/** Serves a new database with this certificate. */
async function serveTls(
  [certificate, key]: readonly [string, string],
  options: ServeOptions = {},
): Promise<{ readonly server: RunningServer; readonly file: string }> {
  const file = path.join(path.dirname(certificate), 'ggen.db');
  const database = await openPersistence({ storage: 'file', path: file, changeLog: true });
  const server = await serveDatabase(database, { ...options, tls: tlsOfFiles(certificate, key) });
  onTestFinished(() => server.stop());
  return { server, file };
}

/** Sends a request as a client that trusts these authorities. @returns the status */
function statusOf(
  { port, token }: RunningServer,
  target: string,
  {
    headers: given,
    ...options
  }: Omit<https.RequestOptions, 'headers'> & {
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...given };
    const all = { host: '127.0.0.1', port, path: target, agent: false, ...options, headers } as const;
    const sent = https.request(all, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject);
    sent.end();
  });
}

it('answers who trusts its certificate, and nobody else', async () => {
  const files = selfSigned(createFolder(), 'own', 'DNS:hub.example,DNS:localhost,IP:127.0.0.1');
  const { server } = await serveTls(files);
  const ca = fs.readFileSync(files[0]);
  expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
  expect(await statusOf(server, '/changes?follow=false', { ca })).toBe(200);
  expect(await statusOf(server, '/changes', { ca, headers: { authorization: 'Bearer wrong' } })).toBe(401);
  await expect(statusOf(server, '/healthz', {})).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  const plain = http.request(`http://127.0.0.1:${server.port}/healthz`);
  plain.end();
  const [refusal] = (await once(plain, 'error')) as [NodeJS.ErrnoException];
  expect(refusal.code).toMatch(/^(?:ECONNRESET|EPIPE|HPE_\w+)$/);
});

it('is called by the names in its certificate, of pages by HTTPS alone, and by no other name', async () => {
  const files = selfSigned(createFolder(), 'own', 'DNS:hub.example,DNS:*.fleet.example');
  const { server } = await serveTls(files);
  const ca = fs.readFileSync(files[0]);
  const ask = (host: string, origin?: string): Promise<number | undefined> =>
    statusOf(server, '/changes?follow=false', {
      ca,
      servername: 'hub.example',
      headers: { host, ...(origin !== undefined && { origin }) },
    });
  for (const [host, origin, status] of [
    ['hub.example', undefined, 200],
    ['HUB.example:7443', undefined, 200],
    ['one.fleet.example', undefined, 200],
    ['evil.example', undefined, 403],
    ['hub.example.evil', undefined, 403],
    ['a.one.fleet.example', undefined, 403],
    ['hub.example', 'https://hub.example', 200],
    ['hub.example', 'http://hub.example', 403],
    ['localhost', 'http://localhost', 403],
    ['hub.example', 'https://evil.example', 403],
  ] as const)
    expect([host, origin, await ask(host, origin)]).toEqual([host, origin, status]);
});

describe('a server of the same machine', () => {
  it.each([
    ['DNS:localhost', 'https://localhost:'],
    ['DNS:hub.example', 'https://127.0.0.1:'],
  ])('with %s is found and stopped without its authority', async (name, url) => {
    const { server, file } = await serveTls(selfSigned(createFolder(), 'own', name));
    expect(server.url).toBe(`${url}${server.port}`);
    expect((await findServer(file))?.url).toBe(server.url);
    await using second = await openPersistence({ storage: 'file', path: file });
    await expect(serveDatabase(second)).rejects.toMatchObject({ code: 'ALREADY_SERVED' });
    await stopServer(file);
    await server.stopped;
    expect(fs.existsSync(`${file}-serve.json`)).toBe(false);
  });

  it('with another certificate at its port is not sent the token', async () => {
    const { server, file } = await serveTls(selfSigned(createFolder(), 'own', 'IP:127.0.0.1'));
    const state = fs.readFileSync(`${file}-serve.json`, 'utf8');
    await server.stop();
    const [certificate, key] = selfSigned(path.dirname(file), 'other', 'IP:127.0.0.1');
    let requests = 0;
    const other = https.createServer(
      { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) },
      (_, response) => {
        requests += 1;
        response.end();
      },
    );
    other.listen(server.port, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    fs.writeFileSync(`${file}-serve.json`, state, { mode: 0o600 });
    expect(await findServer(file)).toBeUndefined();
    await expect(stopServer(file)).rejects.toMatchObject({ code: 'NOT_SERVED' });
    expect(requests).toBe(0);
  });

  it('counts as none where something without TLS has its port', async () => {
    const { server, file } = await serveTls(selfSigned(createFolder(), 'own', 'IP:127.0.0.1'));
    const state = fs.readFileSync(`${file}-serve.json`, 'utf8');
    await server.stop();
    const other = http.createServer((_, response) => void response.end());
    other.listen(server.port, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    fs.writeFileSync(`${file}-serve.json`, state, { mode: 0o600 });
    expect(await findServer(file)).toBeUndefined();
  });
});

it('ends although connections have never agreed on a key, and drops those that take too long', async () => {
  const { server } = await serveTls(selfSigned(createFolder(), 'own', 'IP:127.0.0.1'), {
    limits: { receiveMs: 200 },
  });
  const silent = net.connect(server.port, '127.0.0.1');
  await once(silent, 'close');
  // Longer than a test may take: only the end of the server ends this connection.
  const patient = await serveTls(selfSigned(createFolder(), 'own', 'IP:127.0.0.1'), {
    limits: { receiveMs: 3_600_000 },
  });
  const waiting = net.connect(patient.server.port, '127.0.0.1');
  await once(waiting, 'connect');
  waiting.on('error', () => undefined);
  await Promise.all([patient.server.stop(), once(waiting, 'close')]);
  expect([silent.closed, waiting.closed]).toEqual([true, true]);
});

it('names the file and the reason where a certificate or a key cannot be used', () => {
  const folder = createFolder();
  const at = (name: string): string => path.join(folder, name);
  const [certificate, key] = selfSigned(folder, 'own', 'IP:127.0.0.1');
  const [, otherKey] = selfSigned(folder, 'other');
  execFileSync('openssl', ['genrsa', '-out', at('rsa.key'), '2048'], { stdio: 'pipe' });
  execFileSync('openssl', [
    'pkey',
    '-in',
    key,
    '-aes256',
    '-passout',
    'pass:secret',
    '-out',
    at('locked.key'),
  ]);
  // `openssl req` chooses no date before version 3.4; `openssl ca` does.
  const settings = ['[ca]', 'default_ca=a', '[a]', 'database=index', 'serial=serial', 'new_certs_dir=.'];
  settings.push('default_md=sha256', 'policy=p', 'unique_subject=no', '[p]', 'commonName=supplied', '');
  fs.writeFileSync(at('ca.cnf'), settings.join('\n'));
  fs.writeFileSync(at('index'), '');
  fs.writeFileSync(at('serial'), '01');
  execFileSync('openssl', ['req', '-new', '-key', key, '-subj', '/CN=own', '-out', at('own.csr')]);
  for (const [name, from, to] of [
    ['old.pem', '20200101000000Z', '20200201000000Z'],
    ['early.pem', '21000101000000Z', '21000201000000Z'],
  ] as const) {
    const signed = ['ca', '-batch', '-selfsign', '-config', 'ca.cnf', '-keyfile', key, '-in', 'own.csr'];
    const dates = ['-startdate', from, '-enddate', to, '-notext', '-out', name];
    execFileSync('openssl', [...signed, ...dates], { cwd: folder, stdio: 'pipe' });
  }
  fs.writeFileSync(at('empty'), '', { mode: 0o600 });
  fs.writeFileSync(at('open.key'), fs.readFileSync(key), { mode: 0o644 });
  for (const [certificateFile, keyFile, reason] of [
    [at('none.pem'), key, 'none.pem: it does not exist'],
    [certificate, at('none.key'), 'none.key: it does not exist'],
    [folder, key, 'EISDIR'],
    [certificate, folder, 'it is no regular file'],
    [key, certificate, 'it holds a private key and no certificate; were the two files exchanged?'],
    [certificate, at('open.key'), "open.key: others can read it; make it yours alone with 'chmod 600'"],
    [certificate, otherKey, 'the key is not that of the certificate'],
    [certificate, at('rsa.key'), 'the key is not that of the certificate'],
    [certificate, at('locked.key'), 'the key has a passphrase'],
    [certificate, at('empty'), 'the key is no private key in PEM'],
    [key, key, 'it holds a private key and no certificate'],
    [at('empty'), key, 'the certificate is none in PEM'],
    [at('old.pem'), key, 'not valid since Feb  1 00:00:00 2020 GMT'],
    [at('early.pem'), key, 'not valid before Jan  1 00:00:00 2100 GMT'],
  ] as const) {
    expect(() => tlsOfFiles(certificateFile, keyFile), reason).toThrow(
      expect.objectContaining({ code: 'TLS_REFUSED', message: expect.stringContaining(reason) as unknown }),
    );
  }
});
