/** What of a long operation stays on the caller's side of the worker: streams, folders and the progress listener. */
import * as Comlink from 'comlink';
import type { BackupDirectory, Progress } from '../api/persistence.ts';
import type { Caller } from '../protocol/methods.ts';
import { answer } from '../protocol/serialize-error.ts';

/**
 * Streams of the caller's that the worker writes to. A stream that has been handed to another thread counts as closed
 * there before its end has arrived here, so each goes through a pipe whose end can be waited for.
 */
export class RelayedStreams {
  readonly #pipes: Promise<void>[] = [];
  readonly #cut: AbortController = new AbortController();

  /** The end to hand over for a stream. */
  relay(target: WritableStream<Uint8Array>): WritableStream<Uint8Array> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const pipe = readable.pipeTo(target, { signal: this.#cut.signal });
    // Whoever waits is told; nobody else need be.
    pipe.catch(() => undefined);
    this.#pipes.push(pipe);
    return writable;
  }

  /** Resolves once everything has arrived and every stream has been closed. */
  async arrived(): Promise<void> {
    await Promise.all(this.#pipes);
  }

  /** Aborts the streams that have not been closed. */
  async cut(reason: unknown): Promise<void> {
    this.#cut.abort(reason);
    await Promise.allSettled(this.#pipes);
  }
}

/** Moves streams along with a message instead of cloning them, which they do not allow. */
export function handOver<Message>(message: Message, streams: readonly object[]): Message {
  return Comlink.transfer(message, [...streams] as Parameters<typeof Comlink.transfer>[1]);
}

/** The caller's side of a long operation. */
export function callerSide(
  onProgress: ((progress: Progress) => void) | undefined,
  directory: BackupDirectory | undefined,
  streams: RelayedStreams,
): Caller {
  const own = (): BackupDirectory => {
    if (!directory) throw new Error('no directory was given');
    return directory;
  };
  return {
    progress: (progress) => onProgress?.(progress),
    async createFile(fileName) {
      const created = await answer(async () => streams.relay(await own().create(fileName)));
      return 'value' in created ? handOver(created, [created.value]) : created;
    },
    finishDirectory: () =>
      answer(async () => {
        await streams.arrived();
        await own().finish();
      }),
    discardDirectory: () =>
      answer(async () => {
        await streams.cut(new Error('the backup was not finished'));
        await own().discard();
      }),
    async openFile(fileName) {
      const opened = await answer(() => own().open(fileName));
      return 'value' in opened && opened.value ? handOver(opened, [opened.value]) : opened;
    },
  };
}
