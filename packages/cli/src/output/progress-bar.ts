/** Progress bar of long operations, drawn on stderr if that is a terminal and removed at the end. */
import type { Progress } from '@ggen-sim/core';
import type { Options, Params, SingleBar } from 'cli-progress';
import { printable } from './printable.ts';

/** Time before a bar appears; shorter operations show none. */
const QUIET_MS = 300;

/** Bar that appears by itself once an operation takes long. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #latest: Progress | undefined;
  #bar: SingleBar | 'loading' | 'removed' | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Shows the progress so far. */
  readonly update = (progress: Progress): void => {
    this.#latest = progress;
    if (this.#bar === undefined && performance.now() - this.#startedAt >= QUIET_MS) {
      this.#bar = 'loading';
      void this.#begin();
    } else {
      this.#draw();
    }
  };

  /** Removes the bar from the terminal. */
  remove(): void {
    if (typeof this.#bar === 'object') this.#bar.stop();
    this.#bar = 'removed';
  }

  async #begin(): Promise<void> {
    const { default: cliProgress } = await import('cli-progress');
    if (this.#bar !== 'loading') return;
    const options: Options = {
      stream: this.#stream,
      format: formatProgress,
      clearOnComplete: true,
      hideCursor: null,
      etaBuffer: 50,
    };
    this.#bar = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
    this.#bar.start(this.#latest?.total ?? 0, 0);
    this.#draw();
  }

  #draw(): void {
    if (typeof this.#bar !== 'object' || this.#latest === undefined) return;
    const { stage, done, total, unit } = this.#latest;
    this.#bar.setTotal(total ?? done);
    // A stage may be named after a file of a backup from elsewhere, so its name is untrusted text.
    this.#bar.update(done, { stage: printable(stage).slice(0, 60), unit, isTotalKnown: total !== undefined });
  }
}

interface Payload {
  readonly stage?: string;
  readonly unit?: Progress['unit'];
  readonly isTotalKnown?: boolean;
}

function formatProgress(options: Options, { progress, value, total }: Params, payload: Payload): string {
  const { stage = '', unit = 'rows', isTotalKnown = true } = payload;
  const amount = unit === 'bytes' ? mebibytes(value) : value.toLocaleString('en');
  if (!isTotalKnown) return `${stage}  ${amount} ${unitName(unit)}`;
  const width = options.barsize ?? 40;
  const filled = Math.round(Math.min(1, progress) * width);
  const bar =
    (options.barCompleteString ?? '').slice(0, filled) +
    (options.barIncompleteString ?? '').slice(filled, width);
  const whole = unit === 'bytes' ? mebibytes(total) : total.toLocaleString('en');
  return `${stage} ${bar} ${Math.floor(progress * 100)}%  ${amount} of ${whole} ${unitName(unit)}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}

function unitName(unit: Progress['unit']): string {
  return unit === 'bytes' ? 'MiB' : unit;
}
