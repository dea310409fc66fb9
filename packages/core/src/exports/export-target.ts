/** Where an export goes: it appears as a whole under its name, or not at all. */
export interface ExportTarget {
  /** The path it will have, or `null` for a caller's stream. */
  readonly path: string | null;
  open(): Promise<WritableStream<Uint8Array>>;
  /** Makes the written bytes appear, durably. */
  finish(): Promise<void>;
  /** Takes back what was written. */
  discard(): Promise<void>;
}

/** A caller's own stream: written straight through, the caller decides what a failure leaves. */
export function streamTarget(stream: WritableStream<Uint8Array>): ExportTarget {
  return {
    path: null,
    open: () => Promise.resolve(stream),
    finish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}
