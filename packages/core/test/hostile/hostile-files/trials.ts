/** Runs many trials in a process of their own, which may die or hang without taking the test with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Mutation } from './mutation.ts';
import type { Trial } from './try-file.ts';

/** What to try: damage done to a sound database, or a file as it lies there, whose receipts may be those of a sound one. */
export type Job = Mutation | { readonly base: number; readonly path: string };

/** A trial, or how the process ended in the middle of it. */
export type Outcome = Trial | { readonly opening: 'process ended'; readonly broken: readonly string[] };

/** No trial takes nearly as long; one that does hangs. */
const HANGS_AFTER_MS = 120_000;

/** What trials need. */
export interface TrialRun {
  /** The bundled `try-jobs.ts`. */
  readonly script: string;
  /** For the files; emptied as it goes. */
  readonly folder: string;
  readonly soundDatabases: readonly string[];
}

/** Does every job, going on with the next after one that ended or stopped the process. */
export async function tryJobs(run: TrialRun, jobs: readonly Job[]): Promise<Outcome[]> {
  const jobsFile = path.join(run.folder, 'jobs.json');
  fs.writeFileSync(jobsFile, JSON.stringify(jobs));
  const outcomes: Outcome[] = [];
  while (outcomes.length < jobs.length) {
    const work = fs.mkdtempSync(path.join(run.folder, 'work-'));
    const words = [run.script, jobsFile, String(outcomes.length), work, ...run.soundDatabases];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const end = await follow(child, outcomes);
    running.delete(child);
    fs.rmSync(work, { recursive: true });
    if (end !== undefined) outcomes.push({ opening: 'process ended', broken: [end] });
  }
  return outcomes;
}

/** Ends what still runs, after a test that was given up. */
export function endTrials(): void {
  for (const child of running) child.kill('SIGKILL');
}

const running = new Set<ChildProcess>();

/** @returns how the process ended, unless it ended well with everything tried */
async function follow(child: ChildProcess, outcomes: Outcome[]): Promise<string | undefined> {
  let stderr = '';
  let isHanging = false;
  const hang = (): void => {
    isHanging = true;
    child.kill('SIGKILL');
  };
  let watch = setTimeout(hang, HANGS_AFTER_MS);
  child.stderr?.on('data', (data: Buffer) => (stderr += String(data)));
  const ended = new Promise<string>((resolve) => {
    child.on('close', (exitCode, signal) => resolve(String(exitCode ?? signal)));
  });
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    clearTimeout(watch);
    watch = setTimeout(hang, HANGS_AFTER_MS);
    const report = JSON.parse(line) as Partial<Trial>;
    if (report.opening !== undefined) outcomes.push(report as Trial);
  }
  const end = await ended;
  clearTimeout(watch);
  if (end === '0') return undefined;
  return isHanging ? 'hangs' : `ended with ${end}: ${stderr.slice(-4000)}`;
}
