/** How each runtime starts a program. Its binaries come from npm, with the project. */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Rights that a database file needs in Deno. */
export const DENO_RIGHTS = ['--allow-ffi', '--allow-read', '--allow-write'];

const nodeBinary = (project, major) => path.join(project, `node_modules/node-${major}/bin/node`);

/** Bun with its own runtime, also for programs that name Node. */
export const bun = (project) => ({
  command: path.join(project, 'node_modules/.bin/bun'),
  file: (script, argumentList) => [script, ...argumentList],
});

/** Deno with no other rights than those that are named. */
export const deno = (project, rights) => ({
  command: path.join(project, 'node_modules/.bin/deno'),
  file: (script, argumentList) => ['run', '--no-prompt', ...rights, script, ...argumentList],
});

export const node = (major) => (project) => ({
  command: nodeBinary(project, major),
  file: (script, argumentList) => [script, ...argumentList],
});

/** Why a version of Node cannot run here: npm installs its binary for Linux on x64 only. */
export const withoutNode =
  (major) =>
  ({ project }) =>
    existsSync(nodeBinary(project, major)) ? undefined : 'its binary is for Linux on x64';
