/** Parses stored JSON. @returns `undefined` for what another program stored and is not JSON; `verify` names it */
export function parsedJson(stored: unknown): unknown {
  if (typeof stored !== 'string') return undefined;
  try {
    return JSON.parse(stored) as unknown;
  } catch {
    return undefined;
  }
}
