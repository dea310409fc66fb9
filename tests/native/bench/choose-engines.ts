/**
 * Checks the engines named by `--engines`.
 * @param list - ids, separated by commas; undefined when every engine runs
 * @throws Error naming the known engines when an id is unknown
 */
export function chooseEngines(
  list: string | undefined,
  known: readonly string[],
): ReadonlySet<string> | undefined {
  if (list === undefined) return undefined;
  const chosen = new Set(
    list
      .split(',')
      .map((id) => id.trim())
      .filter(Boolean),
  );
  const unknown = [...chosen].filter((id) => !known.includes(id));
  if (chosen.size > 0 && unknown.length === 0) return chosen;
  const problem = unknown.length > 0 ? `Unknown engine: ${unknown.join(', ')}` : '--engines names no engine';
  throw new Error(`${problem}. Known engines: ${[...new Set(known)].join(', ')}`);
}
