/** Output of events of the change log, as one JSON object a line. */
import type { ChangeEvent } from '@ggen-sim/core';

/** Size of the text that is written at once, while events come faster than they are written. */
const CHUNK_CHARS = 64 * 1024;

/** Makes the lines of events. Those that come at once are one chunk; none is held back while the next one is awaited. */
export async function* eventLines(events: AsyncIterable<ChangeEvent>): AsyncGenerator<string> {
  const { encodeEvent } = await import('@ggen-sim/core');
  const iterator = events[Symbol.asyncIterator]();
  let pending = '';
  try {
    for (;;) {
      const next = iterator.next();
      if (pending !== '' && ((await isAwaited(next)) || pending.length >= CHUNK_CHARS)) {
        yield pending;
        pending = '';
      }
      const { done, value } = await next;
      if (done === true) break;
      pending += `${encodeEvent(value)}\n`;
    }
    if (pending !== '') yield pending;
  } finally {
    await iterator.return?.();
  }
}

/** True unless a promise settles before the event loop goes on to its next task. */
async function isAwaited(promise: Promise<unknown>): Promise<boolean> {
  let immediate: NodeJS.Immediate | undefined;
  const later = new Promise<boolean>((resolve) => {
    immediate = setImmediate(() => resolve(true));
  });
  const settled = (): boolean => false;
  try {
    return await Promise.race([promise.then(settled, settled), later]);
  } finally {
    clearImmediate(immediate);
  }
}
