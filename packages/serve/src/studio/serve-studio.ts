import type { Persistence } from '@ggen-sim/core';
import { newToken } from '../access/token.ts';
import { serveDatabase, type RunningServer, type ServeOptions } from '../serve-database.ts';
import { callSocket } from './call-socket.ts';
import { pageRoute } from './page-route.ts';

/** Options of {@link serveStudio}. */
export interface StudioOptions extends Omit<
  ServeOptions,
  'routes' | 'upgrades' | 'stateFile' | 'agent' | 'host' | 'tls'
> {
  /** Folder with the built page. */
  readonly pageFolder: string;
  /** Let the page change the database. @default false */
  readonly isWritable?: boolean;
}

/** A studio that is running. */
export interface RunningStudio extends RunningServer {
  /** Address to open in a browser, with the token in its fragment, which is never sent to a server. */
  readonly pageUrl: string;
}

/**
 * Serves the page over an open database file. Others may serve the same file: a studio writes no state file.
 * @throws {ServeError} as `serveDatabase` does; IO_ERROR when the folder has no page
 */
export async function serveStudio(
  database: Persistence,
  { pageFolder, isWritable = false, ...options }: StudioOptions,
): Promise<RunningStudio> {
  const { token = newToken() } = options;
  const server = await serveDatabase(database, {
    ...options,
    token,
    stateFile: false,
    routes: [pageRoute(pageFolder)],
    upgrades: [callSocket(database, { isWritable, token })],
  });
  const fragment = token === null ? '' : `#token=${encodeURIComponent(token)}`;
  return { ...server, pageUrl: `${server.url}/${fragment}` };
}
