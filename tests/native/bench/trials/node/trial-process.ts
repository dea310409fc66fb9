/** The process of one trial: a request comes as the argument, the result goes to standard output. */
import { readFileSync } from 'node:fs';
import { NODE_ENGINES } from '../../engines/node/index.ts';
import { runTrial } from '../run-trial.ts';
import type { Costs, TrialRequest } from '../trial.ts';

const request = JSON.parse(process.argv[2] as string) as TrialRequest;
const engine = NODE_ENGINES.find(({ id }) => id === request.engineId);
if (!engine) throw new Error(`there is no engine ${request.engineId}`);

const result = await runTrial(request, {
  open: () => engine.open(request.place),
  readCosts: engine.worksElsewhere ? (): Costs => ({}) : readProcessCounters,
  peakMemoryBytes: () => (engine.worksElsewhere ? undefined : readPeakMemory()),
});
process.stdout.write(JSON.stringify(result));

/** System calls of this process and their bytes, from Linux; nothing elsewhere. */
function readProcessCounters(): Costs {
  let text: string;
  try {
    text = readFileSync('/proc/self/io', 'utf8');
  } catch {
    return {};
  }
  const read = (field: string): number => Number(new RegExp(`^${field}: (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    'bytes written': read('wchar'),
    'write calls': read('syscw'),
    'bytes read': read('rchar'),
    'read calls': read('syscr'),
  };
}

/** Reads Linux's high water mark: `maxRSS` would begin with what the parent had when it made this process. */
function readPeakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
