/** Size of a piece. A server far away answers once for each. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Reads a file piece by piece, as it is asked for: only one is in memory. Reading fails for a file that is gone, or changed
 * since it was chosen.
 */
export function streamOf(file: Blob): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (at >= file.size) return controller.close();
        const piece = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
        at += PIECE_BYTES;
        controller.enqueue(new Uint8Array(piece));
      },
    },
    { highWaterMark: 0 },
  );
}
