/** Runs many trials in a child process, which may crash or hang without ending the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Mutation } from './mutation.ts';
import type { Trial } from './try-file.ts';

/** A file to try: a damaged copy of an intact database, or an existing file, perhaps with the receipts of an intact one. */
export type Job = Mutation | { readonly base: number; readonly path: string };

/** Result of a trial, or the end of the process that ran it. */
export type Outcome = Trial | { readonly opening: 'process ended'; readonly broken: readonly string[] };

/** Milliseconds after which a trial counts as hanging; a working one takes far less. */
const HANGS_AFTER_MS = 120_000;

/** Options of running trials. */
export interface TrialRun {
  /** Path of the bundled `try-jobs.ts`. */
  readonly script: string;
  /** Folder for the files, emptied after each trial. */
  readonly folder: string;
  readonly intactDatabases: readonly string[];
}

/** Runs every job. When a job ends or stops the process, a new process continues with the next one. */
export async function tryJobs(run: TrialRun, jobs: readonly Job[]): Promise<Outcome[]> {
  const jobsFile = path.join(run.folder, 'jobs.json');
  fs.writeFileSync(jobsFile, JSON.stringify(jobs));
  const outcomes: Outcome[] = [];
  while (outcomes.length < jobs.length) {
    const work = fs.mkdtempSync(path.join(run.folder, 'work-'));
    const words = [run.script, jobsFile, String(outcomes.length), work, ...run.intactDatabases];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const end = await follow(child, outcomes);
    running.delete(child);
    fs.rmSync(work, { recursive: true });
    if (end !== undefined) outcomes.push({ opening: 'process ended', broken: [end] });
  }
  return outcomes;
}

/** Ends the processes that still run after a test was aborted. */
export function endTrials(): void {
  for (const child of running) child.kill('SIGKILL');
}

const running = new Set<ChildProcess>();

/** @returns a description of the process's end, or undefined when it has tried everything */
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
