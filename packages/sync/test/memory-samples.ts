/** The memory of processes over time, as Linux tells it. */
import fs from 'node:fs';

const INTERVAL_MS = 250;

/** What processes needed while they worked, in MiB: the sum of those that were there. */
export interface MemorySummary {
  readonly peakMiB: number;
  /** The median of each fifth of the time. */
  readonly fifthsMiB: readonly number[];
}

/**
 * Samples the memory of processes until it is stopped.
 * @param processes - ids of the processes of each name, asked each time
 */
export function sampleMemory<Name extends string>(
  processes: Readonly<Record<Name, () => readonly number[]>>,
): { readonly stop: () => void; readonly summary: () => Record<Name, MemorySummary> } {
  const names = Object.keys(processes) as Name[];
  const samples = new Map(names.map((name) => [name, [] as number[]]));
  const timer = setInterval(() => {
    for (const name of names) {
      const sum = processes[name]().reduce((all, id) => all + privateKib(id), 0);
      if (sum > 0) samples.get(name)?.push(sum / 1024);
    }
  }, INTERVAL_MS);
  return {
    stop: () => clearInterval(timer),
    summary: () =>
      Object.fromEntries(names.map((name) => [name, summaryOf(samples.get(name) ?? [])])) as Record<
        Name,
        MemorySummary
      >,
  };
}

function summaryOf(samples: readonly number[]): MemorySummary {
  const fifthsMiB = [0, 1, 2, 3, 4].map((fifth) => {
    const part = samples.slice((samples.length * fifth) / 5, (samples.length * (fifth + 1)) / 5);
    return Math.round(part.toSorted((left, right) => left - right)[Math.floor(part.length / 2)] ?? 0);
  });
  return { peakMiB: Math.round(Math.max(...samples)), fifthsMiB };
}

/** Memory that is not that of files: those of PostgreSQL share one cache. @returns 0 for a process that has ended */
function privateKib(id: number): number {
  try {
    const status = fs.readFileSync(`/proc/${id}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
