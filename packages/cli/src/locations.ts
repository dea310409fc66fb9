/** Paths of the workspace and the database. An empty variable counts as not set. */
import { join, resolve } from 'node:path';

/** Sources of the paths. */
export interface LocationSources {
  /** Value of `--db FILE`, which takes precedence over every variable. */
  readonly dbOption: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly currentDirectory: string;
}

/** Finds the database file: `--db`, else `DB_PATH`, else `DB_DIR/ggen.db`, else `.ggen/ggen.db` in the workspace. */
export function databasePath(sources: LocationSources): string {
  const { dbOption, environment, currentDirectory } = sources;
  const given = dbOption || environment['DB_PATH'];
  if (given) return resolve(currentDirectory, given);
  const directory = environment['DB_DIR'] || join(workspacePath(sources), '.ggen');
  return resolve(currentDirectory, directory, 'ggen.db');
}

/** Finds the workspace: `WORKSPACE_DIR`, else `workspace` in `SCRIPT_DIR`, which defaults to the current directory. */
export function workspacePath({ environment, currentDirectory }: LocationSources): string {
  return resolve(
    currentDirectory,
    environment['WORKSPACE_DIR'] || join(environment['SCRIPT_DIR'] || '.', 'workspace'),
  );
}
