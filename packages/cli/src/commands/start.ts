import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineCommand, type Command } from '../command.ts';
import { workspacePath } from '../locations.ts';
import { flag } from '../parameters.ts';
import { ENCRYPT_FLAG, databaseNotice } from './init.ts';

export const start: Command = defineCommand({
  name: 'start',
  summary: 'Create the workspace and the database',
  notes: 'Installs, downloads and runs nothing. Running it again changes nothing.',
  database: 'created',
  positionals: {},
  options: {
    encrypt: ENCRYPT_FLAG,
    noChangeLog: flag({
      description:
        'create a database without a change log, which keeps every earlier version of memory; one that exists keeps what it has',
    }),
  },
  examples: [
    'ggen-sim start',
    'WORKSPACE_DIR=/srv/ggen ggen-sim start',
    'ggen-sim start --key-file ggen.key',
  ],
  async run({ encrypt, noChangeLog }, context) {
    const workspace = workspacePath(context.locations);
    await context.readKey(encrypt);
    createFolder(workspace);
    await using database = await context.openDatabase('unknown', { changeLog: !noChangeLog });
    context.printNotice(`Workspace ready: ${workspace}`);
    context.printNotice(`Database ready:  ${databaseNotice(await database.info())}`);
    context.printNotice("Next: 'ggen-sim db save-receipt --help', or 'ggen-sim --help' for all commands");
  },
});

/**
 * Creates a folder and its missing parents. When one cannot be created, those before it are removed again. One by one,
 * because Node's own recursive creation never ends in a file system without new folders, such as /proc.
 */
function createFolder(folder: string): void {
  const missing: string[] = [];
  for (let path = folder; !existsSync(path); path = dirname(path)) missing.unshift(path);
  const created: string[] = [];
  try {
    for (const path of missing) {
      if (makeFolder(path)) created.unshift(path);
    }
  } catch (error) {
    for (const path of created) rmdirSync(path);
    throw error;
  }
}

/** Creates one folder. @returns false when another process has created it meanwhile */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    if (existsSync(path) && statSync(path).isDirectory()) return false;
    throw error;
  }
}
