import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ServeError } from '../errors.ts';
import { HttpError } from '../http/http-error.ts';
import type { Route } from '../http/route.ts';

/** Types of the files of a built page (https://www.iana.org/assignments/media-types). */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** Headers that the page's build has chosen for every file, its content security policy among them. */
const HEADERS_FILE = '_headers';

/**
 * Makes the route for the files of the page. Only files that are in the folder now are answered, each by its exact name.
 * @throws {ServeError} IO_ERROR when the folder has no page
 */
export function pageRoute(folder: string): Route {
  const { files, headers } = readPage(folder);
  return {
    methods: ['GET'],
    path: '/*',
    // The files hold no data, and are the same for everyone. What they call asks for the token.
    access: 'public',
    async handle({ below, response }) {
      const name = below.length === 0 ? 'index.html' : below.join('/');
      const type = MEDIA_TYPES[path.extname(name)];
      if (!files.has(name) || type === undefined) {
        throw new HttpError(404, 'NO_RESOURCE', 'There is nothing at this path');
      }
      const bytes = await readFile(path.join(folder, name));
      response.writeHead(200, { ...headers, 'content-type': type, 'content-length': bytes.length });
      response.end(bytes);
    },
  };
}

function readPage(folder: string): { files: ReadonlySet<string>; headers: Record<string, string> } {
  try {
    const found = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const files = new Set(found.map((name) => name.split(path.sep).join('/')));
    if (!files.has('index.html')) throw new Error('there is no index.html');
    // A line of two spaces, a name, a colon and a value, as hosts of static files read it.
    const lines = readFileSync(path.join(folder, HEADERS_FILE), 'utf8').matchAll(/^ {2}([\w-]+): (.+)$/gm);
    return {
      files,
      headers: Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value])),
    };
  } catch (cause) {
    throw new ServeError(
      'IO_ERROR',
      `${folder} has no page: ${cause instanceof Error ? cause.message : ''}`,
      {
        hint: 'Install ggen-sim again',
        cause,
      },
    );
  }
}
