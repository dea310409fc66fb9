/** A PostgreSQL server of its own for one test file: in a temporary folder, on a Unix socket, without a TCP port. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';

const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** A running server. */
export interface PostgresCluster {
  /**
   * Creates an empty schema.
   * @param owner - who is created without special rights if there is none
   * @returns its URL
   */
  newSchema(owner?: string): Promise<string>;
  /** Runs a statement as the administrator. */
  query(sql: string): Promise<unknown[]>;
  /** Opens another connection of the administrator, whose transactions hold what they lock. */
  connection(): Promise<pg.Client>;
  /** Ids of the processes that serve connections. */
  backends(): number[];
  stop(): Promise<void>;
}

/** Starts a server. The files of a test are not synced to the disk. */
export async function startCluster(): Promise<PostgresCluster> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-pg-'));
  const user = serverUser();
  if ('uid' in user) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  const binaries = binariesFolder();
  const initdb = ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-locale', '--no-sync'];
  execFileSync(path.join(binaries, 'initdb'), initdb, { ...user, cwd: folder, stdio: 'ignore' });
  const settings = [
    'listen_addresses=',
    'fsync=off',
    'max_connections=50',
    `unix_socket_directories=${folder}`,
  ];
  const server = spawn(
    path.join(binaries, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
  const stop = async (): Promise<void> => {
    await ended(server);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const admin = await connected(url, server);
    let schemas = 0;
    return {
      async newSchema(owner = 'postgres') {
        const name = `case_${schemas++}`;
        const { rows } = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [owner]);
        if (rows.length === 0) await admin.query(`CREATE ROLE ${owner} LOGIN`);
        await admin.query(`CREATE SCHEMA ${name} AUTHORIZATION ${owner}`);
        return `${url.replace('//postgres@', `//${owner}@`)}&options=${encodeURIComponent(`-c search_path=${name}`)}`;
      },
      async query(sql) {
        return (await admin.query<Record<string, unknown>>(sql)).rows;
      },
      connection: () => connected(url, server),
      backends: () => childrenOf(server.pid),
      async stop() {
        await admin.end();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** PostgreSQL refuses to run as root. Debian's package has made a user for it. */
function serverUser(): { readonly uid: number; readonly gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const idOf = (option: string): number =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }).trim());
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function binariesFolder(): string {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const latest = versions.toSorted((left, right) => Number(left) - Number(right)).at(-1);
  if (latest === undefined) {
    throw new Error('PostgreSQL is not installed: node scripts/install-system-packages.mjs');
  }
  return path.join(DEBIAN_FOLDER, latest, 'bin');
}

/** Processes of the server that are no workers of its own; nothing where there is no /proc. */
function childrenOf(parent: number | undefined): number[] {
  try {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
    return children
      .map(Number)
      .filter((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('[local]'));
  } catch {
    return [];
  }
}

const START_DEADLINE_MS = 120_000;

async function connected(url: string, server: ChildProcess): Promise<pg.Client> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) {
      resolve();
      return;
    }
    server.once('exit', () => resolve());
    // Ends connections and the server, without waiting for clients.
    server.kill('SIGINT');
  });
}
