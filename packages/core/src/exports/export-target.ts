/**
 * Target of an export. A file appears complete under its name, or not at all. Anything else is written through: a
 * device, a pipe, the caller's stream.
 */
export interface ExportTarget {
  /** The path of the file, or `null` for the caller's stream. */
  readonly path: string | null;
  /** @param signal - ends the wait for the reader of a pipe */
  open(signal: AbortSignal | undefined): Promise<WritableStream<Uint8Array>>;
  /** Makes the file appear with the written bytes, durably. */
  finish(): Promise<void>;
  /** Removes the written bytes. */
  discard(): Promise<void>;
}

/** A target that passes bytes straight to the caller's stream. The caller decides what remains after a failure. */
export function streamTarget(stream: WritableStream<Uint8Array>): ExportTarget {
  return {
    path: null,
    open: () => Promise.resolve(stream),
    finish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}
