/** Output of events of the change log, as one JSON object a line. */
import type { ChangeEvent } from '@ggen-sim/core';
import { snakeCase } from '../letter-case.ts';

/** Size of the text that is written at once, while events come faster than they are written. */
const CHUNK_CHARS = 64 * 1024;

/** Formats one event. Its data has the names of the columns, as everything on the command line. */
function eventLine(event: ChangeEvent, encodeValue: (value: unknown) => string): string {
  const data = Object.fromEntries(
    Object.entries(event.data).map(([name, value]) => [
      snakeCase(name),
      name === 'row' ? withColumnNames(value) : value,
    ]),
  );
  return `${encode({ ...event, data }, encodeValue)}\n`;
}

function withColumnNames(row: unknown): unknown {
  return row === null
    ? null
    : Object.fromEntries(Object.entries(row as object).map(([field, value]) => [snakeCase(field), value]));
}

function encode(value: unknown, encodeValue: (value: unknown) => string): string {
  if (Array.isArray(value)) return `[${value.map((item) => encode(item, encodeValue)).join()}]`;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return encodeValue(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${encode(member, encodeValue)}`,
  );
  return `{${members.join()}}`;
}

/** Makes the lines of events. Those that come at once are one chunk; none is held back while the next one is awaited. */
export async function* eventLines(events: AsyncIterable<ChangeEvent>): AsyncGenerator<string> {
  const { encodeJsonValue } = await import('@ggen-sim/core');
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
      pending += eventLine(value, encodeJsonValue);
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
