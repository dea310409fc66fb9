/** The stages of an execution, as far as its receipt's JSON tells them. */

/** A stage, from its start within the execution. */
export interface Stage {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
}

/** Member of the durations that is the sum of the others. */
const TOTAL = 'total';

/** Order of the stages of a validation: canonical JSON has its members in the order of the alphabet. */
const VALIDATION_STAGES: readonly string[] = ['parse', 'canonicalize', 'validate'];

/** More are no picture. */
const MAX_STAGES = 40;

/**
 * Finds the stages: `durations_ms` maps names to milliseconds, as receipts of this program do, or `stages` lists objects
 * with a name and a duration. Stages without a start follow one another.
 */
export function stagesOf(receipt: unknown): readonly Stage[] {
  if (!isObject(receipt)) return [];
  const { durations_ms: durations, stages } = receipt;
  const listed: [name: string, durationMs: unknown, startMs: unknown][] = [];
  if (Array.isArray(stages)) {
    for (const stage of stages as unknown[]) {
      if (!isObject(stage)) continue;
      const name = stage['name'] ?? stage['stage'];
      if (typeof name !== 'string') continue;
      listed.push([name, stage['durationMs'] ?? stage['duration_ms'], stage['startMs'] ?? stage['start_ms']]);
    }
  } else if (isObject(durations)) {
    const names = Object.keys(durations);
    const known = VALIDATION_STAGES.filter((name) => names.includes(name));
    for (const name of [...known, ...names.filter((other) => !known.includes(other))]) {
      const durationMs = durations[name];
      if (name !== TOTAL) listed.push([name, durationMs, undefined]);
    }
  }
  let endMs = 0;
  return listed.slice(0, MAX_STAGES).flatMap(([name, durationMs, startMs]) => {
    if (!isDuration(durationMs)) return [];
    const start = isDuration(startMs) ? startMs : endMs;
    endMs = start + durationMs;
    return [{ name, startMs: start, durationMs }];
  });
}

/** An input document of an execution. */
export interface HashedInput {
  readonly name: string;
  readonly role: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly sha256: string | undefined;
}

/** Finds the inputs that a receipt lists with their hashes. */
export function inputsOf(receipt: unknown): readonly HashedInput[] {
  if (!isObject(receipt) || !Array.isArray(receipt['inputs'])) return [];
  return (receipt['inputs'] as unknown[]).flatMap((input) => {
    if (!isObject(input) || typeof input['name'] !== 'string') return [];
    const { name, role, bytes, sha256 } = input;
    return [
      {
        name,
        role: typeof role === 'string' ? role : undefined,
        sizeBytes: isDuration(bytes) ? bytes : undefined,
        sha256: typeof sha256 === 'string' ? sha256 : undefined,
      },
    ];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
