/** Callbacks of an operation that run in the caller's thread: streams, directories and progress. */
import type { BackupDirectory, Progress } from '../api/persistence.ts';
import type { RemoteCallbacks } from '../protocol/methods.ts';
import type { NumberedStreams } from './numbered-streams.ts';

/**
 * Makes the callbacks of one operation.
 * @param settled - tells if the operation has settled. The worker's answer may arrive before its last calls, because
 * callbacks have a message port of their own.
 */
export function createCallbacks(
  onProgress: ((progress: Progress) => void) | undefined,
  directory: BackupDirectory | undefined,
  streams: NumberedStreams,
  settled: () => boolean,
): RemoteCallbacks {
  const own = (): BackupDirectory => {
    if (!directory) throw new Error('The caller passed no directory');
    if (settled()) throw new Error('The operation has ended');
    return directory;
  };
  return {
    progress(progress) {
      if (!settled()) onProgress?.(progress);
    },
    writeChunk: (target, chunk) => streams.write(target, chunk),
    closeTarget: (target) => streams.close(target),
    readChunk: (source) => streams.read(source),
    async createFile(fileName) {
      return streams.addTarget(await own().create(fileName));
    },
    finishDirectory: () => own().finish(),
    async openFile(fileName) {
      const stream = await own().open(fileName);
      return stream && streams.addSource(stream);
    },
  };
}
