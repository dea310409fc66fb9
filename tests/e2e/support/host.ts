import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const DIST = path.resolve(import.meta.dirname, '../../../apps/simulator/dist');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** A static host that sends the headers of `_headers` with every file, as some do. */
export interface Host {
  readonly origin: string;
  close(): void;
}

/** Serves the built page. */
export async function startHost(): Promise<Host> {
  const lines = (await readFile(path.join(DIST, '_headers'), 'utf8')).split('\n');
  const headers = Object.fromEntries(
    lines
      .filter((line) => line.startsWith('  '))
      .map((line) =>
        line
          .trim()
          .split(/: (.*)/)
          .slice(0, 2),
      ),
  ) as Record<string, string>;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const file = pathname === '/' ? 'index.html' : pathname.slice(1);
    readFile(path.join(DIST, file)).then(
      (content) =>
        response
          .writeHead(200, { ...headers, 'content-type': TYPES[path.extname(file)] ?? 'text/plain' })
          .end(content),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
