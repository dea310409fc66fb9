/** Callbacks of an operation that run in the caller's thread: streams, directories and progress. */
import type { BackupDirectory, Progress } from '../api/persistence.ts';
import type { RemoteCallbacks } from '../protocol/methods.ts';
import { transfer } from '../protocol/rpc.ts';

/**
 * Streams of the caller that the worker writes to. A transferred stream counts as closed in the worker before its end
 * has arrived here, so each goes through a pipe whose end can be awaited.
 */
export class StreamRelay {
  readonly #targets: WritableStream<Uint8Array>[] = [];
  readonly #pipes: Promise<void>[] = [];
  readonly #aborting: AbortController = new AbortController();

  /** Returns the end to transfer for a stream. */
  relay(target: WritableStream<Uint8Array>): WritableStream<Uint8Array> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    // Aborted by `abort` alone: the reason that crosses with a transferred stream is a copy.
    const pipe = readable.pipeTo(target, { signal: this.#aborting.signal, preventAbort: true });
    // A failure is reported by `closed`; without a caller that waits it must not be an unhandled rejection.
    pipe.catch(() => undefined);
    this.#targets.push(target);
    this.#pipes.push(pipe);
    return writable;
  }

  /** Resolves once every byte has arrived and every stream is closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#pipes);
  }

  /** Aborts the streams that are not closed yet. */
  async abort(reason: unknown): Promise<void> {
    this.#aborting.abort(reason);
    await Promise.allSettled(this.#pipes);
    await Promise.allSettled(this.#targets.map((target) => target.abort(reason)));
  }
}

/**
 * Makes the callbacks of one operation.
 * @param settled - tells if the operation has settled. The worker's answer may arrive before its last progress, because
 * callbacks have a message port of their own.
 */
export function createCallbacks(
  onProgress: ((progress: Progress) => void) | undefined,
  directory: BackupDirectory | undefined,
  streams: StreamRelay,
  settled: () => boolean,
): RemoteCallbacks {
  const own = (): BackupDirectory => {
    if (!directory) throw new Error('The caller passed no directory');
    return directory;
  };
  return {
    progress(progress) {
      if (!settled()) onProgress?.(progress);
    },
    async createFile(fileName) {
      const stream = streams.relay(await own().create(fileName));
      return transfer(stream, [stream]);
    },
    async finishDirectory() {
      await streams.closed();
      await own().finish();
    },
    async discardDirectory() {
      await streams.abort(new Error('The backup was not finished'));
      await own().discard();
    },
    async openFile(fileName) {
      const stream = await own().open(fileName);
      return stream && transfer(stream, [stream]);
    },
  };
}
