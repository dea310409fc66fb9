import type { ServerResponse } from 'node:http';

/**
 * Cuts a stream whose reader takes nothing for a time: the SDK keeps what it has to send without a limit.
 * @returns a function that ends the watch
 */
export function endWhenStalled(response: ServerResponse, stalledMs: number): () => void {
  let taken = 0;
  let stalledSince: number | undefined;
  const timer = setInterval(
    () => {
      const now = performance.now();
      const bytes = (response.socket?.bytesWritten ?? 0) - response.writableLength;
      if (!response.writableNeedDrain || bytes !== taken) stalledSince = undefined;
      else stalledSince ??= now;
      taken = bytes;
      if (stalledSince !== undefined && now - stalledSince >= stalledMs) response.destroy();
    },
    Math.max(1, Math.min(stalledMs / 4, 5000)),
  );
  return () => clearInterval(timer);
}
