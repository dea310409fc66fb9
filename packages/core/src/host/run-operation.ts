import type { BackupDirectory, Progress } from '../api/persistence.ts';
import type { Signal } from '../api/platform-types.ts';
import type { DatabasePersistence } from '../persistence/database-persistence.ts';
import { fromCloneable } from '../protocol/cloneable.ts';
import {
  sourceOptionOf,
  type MethodsOf,
  type OperationOptions,
  type RemoteCallbacks,
} from '../protocol/methods.ts';
import { remoteSource, remoteTarget } from './remote-streams.ts';

/** Runs an operation whose streams, directory and progress are the caller's, at the other end. */
export async function runOperation(
  target: DatabasePersistence,
  method: MethodsOf<'operation'>,
  { options, outputTarget, inputSource, directoryName }: OperationOptions,
  signal: Signal,
  callbacks: RemoteCallbacks,
): Promise<unknown> {
  const directory =
    directoryName === undefined ? {} : { directory: remoteDirectory(directoryName, callbacks) };
  const output = outputTarget === undefined ? {} : { output: remoteTarget(outputTarget, callbacks) };
  const sourceOption = sourceOptionOf(method);
  const source =
    inputSource === undefined || sourceOption === undefined
      ? {}
      : { [sourceOption]: remoteSource(inputSource, callbacks) };
  const onProgress = (progress: Progress): void => callbacks.progress(progress);
  return (target[method] as (options: unknown) => Promise<unknown>).call(target, {
    ...fromCloneable(options),
    ...directory,
    ...output,
    ...source,
    onProgress,
    signal,
  });
}

/** A backup directory in the caller's thread, where its files are discarded. */
function remoteDirectory(name: string, callbacks: RemoteCallbacks): BackupDirectory {
  return {
    name,
    create: async (fileName) => remoteTarget(await callbacks.createFile(fileName), callbacks),
    finish: () => callbacks.finishDirectory(),
    discard: () => Promise.resolve(),
    async open(fileName) {
      const source = await callbacks.openFile(fileName);
      return source === undefined ? undefined : remoteSource(source, callbacks);
    },
  };
}
