import type { BackupDirectory } from '../api/persistence.ts';
import type { ByteSink, ByteSource } from '../api/platform-types.ts';

/** A backup directory in memory, as a page keeps it before the user downloads the files. */
export class MemoryBackupDirectory implements BackupDirectory {
  readonly name: string = 'memory';
  /** The files of a finished backup. */
  readonly files: Map<string, Uint8Array> = new Map();
  readonly #pending: Map<string, Uint8Array> = new Map();

  create(fileName: string): Promise<ByteSink> {
    const chunks: Uint8Array[] = [];
    const finished = (): void => {
      const whole = new Uint8Array(chunks.reduce((total, { length }) => total + length, 0));
      let offset = 0;
      for (const chunk of chunks) {
        whole.set(chunk, offset);
        offset += chunk.length;
      }
      this.#pending.set(fileName, whole);
    };
    return Promise.resolve(
      new WritableStream({
        // The writer may reuse its buffer.
        write: (chunk) => void chunks.push(chunk.slice()),
        close: finished,
      }),
    );
  }

  finish(): Promise<void> {
    for (const [name, bytes] of this.#pending) this.files.set(name, bytes);
    return this.discard();
  }

  discard(): Promise<void> {
    this.#pending.clear();
    return Promise.resolve();
  }

  open(fileName: string): Promise<ByteSource | undefined> {
    const bytes = this.files.get(fileName);
    if (!bytes) return Promise.resolve(undefined);
    return Promise.resolve(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.slice());
          controller.close();
        },
      }),
    );
  }
}
