import type { Results } from './results.ts';

/** Cases that every engine must have; the others depend on its abilities. */
const ALWAYS = [
  'open',
  'first-saves',
  'get',
  'latest-100',
  'analytics',
  'stats',
  'save',
  'audit',
  'callers-64',
];

/** Asked where a database is opened again. */
const AFTER_OPENING: ReadonlySet<string> = new Set(['open', 'first-saves']);

/**
 * Every engine ran every case it has, and answered. That the rows are right is each trial's own condition.
 * @throws Error naming what is missing
 */
export function assertComplete(results: Results): void {
  const problems: string[] = [];
  const omitted = new Set(results.omissions.map(({ platform, engineId }) => `${platform} ${engineId}`));
  for (const { platform, engineId, reason } of results.omissions) {
    problems.push(`${platform} ${engineId}: ${reason}`);
  }
  for (const { platform, id, keepsNothing } of results.engines) {
    if (omitted.has(`${platform} ${id}`)) continue;
    for (const caseName of ALWAYS) {
      const found = results.measurements.some(
        (each) =>
          each.platform === platform &&
          each.engineId === id &&
          each.caseName === caseName &&
          each.trials.every(
            (samples) =>
              samples.length > 0 && samples.every((sample) => Number.isFinite(sample) && sample > 0),
          ),
      );
      if (!found && !(keepsNothing && AFTER_OPENING.has(caseName))) {
        problems.push(`${platform} ${id}: no figures for ${caseName}`);
      }
    }
  }
  if (results.engines.length === 0) problems.push('no engine ran');
  if (problems.length > 0) throw new Error(`the run is not complete:\n${problems.join('\n')}`);
}
