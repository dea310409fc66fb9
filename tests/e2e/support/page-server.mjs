/** Serves the built page as a static host does: compressed, and with the headers that the page's README asks for. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const PAGE = path.resolve(import.meta.dirname, '../../../apps/simulator/dist');
const MEDIA_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Starts the server.
 * @param quality - of the compression, as brotli counts it
 * @param answerElse - answers other paths; true when it has
 */
export async function servePage({ quality = constants.BROTLI_MAX_QUALITY, answerElse = () => false } = {}) {
  const compressed = new Map(
    readdirSync(PAGE, { recursive: true })
      .filter((name) => path.extname(name) in MEDIA_TYPES)
      .map((name) => [
        `/${name}`,
        brotliCompressSync(readFileSync(path.join(PAGE, name)), {
          params: { [constants.BROTLI_PARAM_QUALITY]: quality },
        }),
      ]),
  );
  const server = createServer((request, response) => {
    const [asked] = (request.url ?? '').split('?');
    const name = asked === '/' ? '/index.html' : asked;
    const bytes = compressed.get(name);
    if (!bytes) {
      if (!answerElse(name, response)) response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': MEDIA_TYPES[path.extname(name)],
      'content-encoding': 'br',
      'content-length': bytes.length,
      'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
