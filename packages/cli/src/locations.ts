/** Where the workspace and the database are. An empty variable counts as not set. */
import { join, resolve } from 'node:path';

/** What decides the places. */
export interface LocationSources {
  /** `--db FILE`, which beats every variable. */
  readonly dbFlag: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly currentDirectory: string;
}

/** The database file: `--db`, else `DB_PATH`, else `DB_DIR/ggen.db`, else `.ggen/ggen.db` in the workspace. */
export function databasePath(sources: LocationSources): string {
  const { dbFlag, environment, currentDirectory } = sources;
  const given = dbFlag || environment['DB_PATH'];
  if (given) return resolve(currentDirectory, given);
  const directory = environment['DB_DIR'] || join(workspacePath(sources), '.ggen');
  return resolve(currentDirectory, directory, 'ggen.db');
}

/** The workspace folder: `WORKSPACE_DIR`, else `workspace` in `SCRIPT_DIR`, which is the current folder by default. */
export function workspacePath({ environment, currentDirectory }: LocationSources): string {
  return resolve(
    currentDirectory,
    environment['WORKSPACE_DIR'] || join(environment['SCRIPT_DIR'] || '.', 'workspace'),
  );
}
