/** Argument: a path. Opens a file while the lock package cannot be loaded. */
import fs from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { type VfsError, openDatabase } from '../../src/index.ts';

const resolver = Module as unknown as { _resolveFilename(request: string, ...rest: unknown[]): string };
const resolve = resolver._resolveFilename.bind(Module);
resolver._resolveFilename = (request, ...rest) => {
  if (request.startsWith('fs-native-extensions'))
    throw Object.assign(new Error('not installed'), { code: 'MODULE_NOT_FOUND' });
  return resolve(request, ...rest);
};

const databasePath = process.argv[2] ?? '';
let refusal: VfsError | undefined;
try {
  fileStorage(databasePath);
} catch (error) {
  refusal = error as VfsError;
}
const madeNothing = !fs.existsSync(path.dirname(databasePath));
const opened = await openDatabase(fileStorage(databasePath, { singleProcess: true }));
opened.database.run('CREATE TABLE t(x)');
process.stdout.write(
  JSON.stringify({
    code: refusal?.code,
    hint: refusal?.hint,
    madeNothing,
    cause: (refusal?.cause as { code?: string } | undefined)?.code,
    alone: opened.storage.capabilities,
  }),
);
opened.close();
