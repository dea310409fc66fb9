import type { CheckPartOptions, FindingsOfParts } from './check-parts.ts';

/** A page has no file of a copy that another thread could read. */
export function checkInThreads(
  _descriptor: number,
  _options: CheckPartOptions,
): Promise<FindingsOfParts | undefined> {
  return Promise.resolve(undefined);
}
