import type { BackupDirectory } from '../../src/index.ts';
import type { ByteSink, ByteSource } from '../../src/api/platform-types.ts';
import type { MemoryBackupDirectory } from '../../src/testing/index.ts';

/** A call that never settles. */
export const never = (): Promise<never> => new Promise(() => undefined);

/**
 * A backup directory on a connection that stops answering at one step: that call and every later one stay unsettled. Steps
 * are counted from 0.
 */
export class StallingDirectory implements BackupDirectory {
  readonly name: string = 'stalling';
  /** Steps so far, such as `open receipts.json`. */
  readonly steps: string[] = [];
  /** Reasons that the streams which were open were ended with. */
  readonly ends: unknown[] = [];
  /** Resolves when the step is reached. */
  readonly stalled: Promise<void>;
  readonly #files: MemoryBackupDirectory;
  readonly #stallAt: number;
  #reportStall: () => void = () => undefined;

  constructor(files: MemoryBackupDirectory, stallAt: number = Infinity) {
    this.#files = files;
    this.#stallAt = stallAt;
    this.stalled = new Promise((resolve) => (this.#reportStall = resolve));
  }

  async create(fileName: string): Promise<ByteSink> {
    await this.#step(`create ${fileName}`);
    const writer = (await this.#files.create(fileName)).getWriter();
    return new WritableStream({
      write: async (chunk) => {
        await this.#step(`write ${fileName}`);
        await writer.write(chunk);
      },
      close: async () => {
        await this.#step(`close ${fileName}`);
        await writer.close();
      },
      abort: (reason) => this.#end(reason),
    });
  }

  async finish(): Promise<void> {
    await this.#step('finish');
    await this.#files.finish();
  }

  async discard(): Promise<void> {
    await this.#step('discard');
    await this.#files.discard();
  }

  async open(fileName: string): Promise<ByteSource | undefined> {
    await this.#step(`open ${fileName}`);
    const reader = (await this.#files.open(fileName))?.getReader();
    return (
      reader &&
      new ReadableStream(
        {
          pull: async (controller) => {
            await this.#step(`read ${fileName}`);
            const { done, value } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel: (reason) => this.#end(reason),
        },
        { highWaterMark: 0 },
      )
    );
  }

  #end(reason: unknown): Promise<never> {
    this.ends.push(reason);
    return never();
  }

  async #step(step: string): Promise<void> {
    if (this.steps.push(step) <= this.#stallAt) return;
    this.#reportStall();
    await never();
  }
}
