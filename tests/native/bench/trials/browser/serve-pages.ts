import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Pages over HTTP, and seeds under `/seeds/`. */
export interface PageServer extends Disposable {
  readonly url: string;
}

/**
 * Serves built pages. They are cross-origin isolated for the sake of their clock, which is then fine to 5 µs instead
 * of 100 µs (https://www.w3.org/TR/hr-time-3/#dfn-coarsen-time).
 */
export async function servePages(pages: string, seeds: string): Promise<PageServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [folder, name] = pathname.startsWith('/seeds/') ? [seeds, pathname.slice(6)] : [pages, pathname];
    const file = path.join(folder, path.normalize(name));
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'content-length': statSync(file).size,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cache-control': pathname.startsWith('/seeds/') ? 'no-store' : 'max-age=3600',
    });
    createReadStream(file).pipe(response);
  });
  await listening(server);
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}`, [Symbol.dispose]: () => void server.close() };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
