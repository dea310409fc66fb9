/**
 * Events of hooks over HTTP: an agent posts one after the other to `ggen-sim serve` and waits for each answer. Beside it, in
 * turn, the same line is appended to a file and synced, which no answer can be faster than.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { summarize, type Summary } from '../statistics/summary.ts';
import { withoutCertificates } from '../trials/node/run-node-trials.ts';

const CLI_FILE = path.resolve(import.meta.dirname, '../../../../packages/cli/dist/ggen-sim.cjs');
/** Shortest time between two events. The server takes at most a thousand requests a second of one address. */
const INTERVAL_MS = 4;
/** Events before those that are timed: the server loads what it needs, and the compiler reaches its speed. */
const WARM_UPS = 500;
/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** What one run measured. */
export interface HooksRun {
  readonly events: number;
  /** From the request to the whole answer, in milliseconds. */
  readonly answers: Summary;
  readonly longestMs: number;
  /** Appending and syncing the same line, in milliseconds. */
  readonly bareAppends: Summary;
  /** Processor time of the server for an event, storing it included, in milliseconds. */
  readonly processorMs: number;
  /** Load of the machine over a minute, before and after. */
  readonly loads: readonly [number, number];
}

/** @param isLocked - another process holds the database meanwhile, so that events wait in the spool */
export async function runHooks(events: number, isLocked: boolean, folder: string): Promise<HooksRun> {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const [before = 0] = os.loadavg();
  const file = path.join(folder, 'ggen.db');
  const server = spawn(process.execPath, [CLI_FILE, 'serve', file, '--create', '--write', '--no-token'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: withoutCertificates(),
  });
  let holder: ChildProcess | undefined;
  try {
    const url = await addressOf(server);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const post = (index: number): Promise<void> => postEvent(`${url}/hooks`, agent, eventText(index));
    for (let index = 0; index < WARM_UPS; index += 1) await post(index);
    if (isLocked) holder = await hold(file);
    const processorBegin = processorMsOf(server);
    const [answersMs, appendsMs]: [number[], number[]] = [[], []];
    const bare = fs.openSync(path.join(folder, 'bare'), 'a', 0o600);
    for (let index = WARM_UPS; index < WARM_UPS + events; index += 1) {
      const begin = performance.now();
      await post(index);
      const answered = performance.now();
      fs.writeSync(bare, `\n${eventText(index)}\n`);
      fs.fsyncSync(bare);
      const end = performance.now();
      answersMs.push(answered - begin);
      appendsMs.push(end - answered);
      await pause(Math.max(0, INTERVAL_MS - (end - begin)));
    }
    fs.closeSync(bare);
    agent.destroy();
    holder?.kill('SIGKILL');
    const stored = await storedRows(file, WARM_UPS + events);
    const processorMs = (processorMsOf(server) - processorBegin) / events;
    if (stored !== WARM_UPS + events) throw new Error(`${stored} of ${WARM_UPS + events} events are stored`);
    const [after = 0] = os.loadavg();
    return {
      events,
      answers: summarize([answersMs], 'lower'),
      longestMs: answersMs.reduce((longest, ms) => Math.max(longest, ms), 0),
      bareAppends: summarize([appendsMs], 'lower'),
      processorMs,
      loads: [before, after],
    };
  } finally {
    holder?.kill('SIGKILL');
    server.kill('SIGTERM');
    await once(server, 'close');
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** One line of the report. */
export function hooksLine(name: string, run: HooksRun): string {
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const { answers, bareAppends: bare } = run;
  return [
    `${name}: ${run.events} events, answer median ${ms(answers.median)}, p99 ${ms(answers.worst)}, longest ${ms(run.longestMs)}`,
    `bare append and sync median ${ms(bare.median)}, p99 ${ms(bare.worst)}`,
    `processor time of the server ${ms(run.processorMs)} an event`,
    `load ${run.loads.map((load) => load.toFixed(2)).join(' to ')}`,
  ].join('; ');
}

/** A tool call as Claude Code tells it: its begin, then its end with some output. */
function eventText(index: number): string {
  const call = Math.floor(index / 2);
  const isEnd = index % 2 === 1;
  return JSON.stringify({
    session_id: `session-${Math.floor(call / 500)}`,
    transcript_path: '/home/ada/.claude/projects/project/session.jsonl',
    cwd: '/home/ada/project',
    permission_mode: 'default',
    hook_event_name: isEnd ? 'PostToolUse' : 'PreToolUse',
    prompt_id: `prompt-${Math.floor(call / 20)}`,
    tool_name: 'Bash',
    tool_use_id: `toolu_${String(call).padStart(24, '0')}`,
    tool_input: { command: `pnpm vitest run test/file-${call}.test.ts`, description: 'Run one test file' },
    ...(isEnd && {
      tool_response: {
        stdout: 'ok, a line of the output of a test\n'.repeat(30),
        stderr: '',
        interrupted: false,
      },
      duration_ms: 120,
    }),
  });
}

async function addressOf(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error('The server has no standard output');
  let text = '';
  for await (const line of createInterface(server.stdout)) {
    text += line;
    if (line === '}') return (JSON.parse(text) as { readonly url: string }).url;
  }
  throw new Error(`The server did not start: ${text}`);
}

function postEvent(url: string, agent: http.Agent, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 204) resolve();
        else reject(new Error(`An event was answered with ${response.statusCode}`));
      });
    });
    sent.end(text);
  });
}

/** Locks the database from another process. */
async function hold(file: string): Promise<ChildProcess> {
  const holder = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write(".timeout 10000\nBEGIN EXCLUSIVE;\nSELECT 'held';\n");
  await once(holder.stdout, 'data');
  return holder;
}

/** Waits until so many rows are stored, for a minute at most. @returns how many there are */
async function storedRows(file: string, expected: number): Promise<number> {
  let rows = 0;
  for (
    const begin = performance.now();
    performance.now() - begin < 60_000 && rows < expected;
    await pause(500)
  ) {
    const words = ['-readonly', '-cmd', '.timeout 5000', file, 'SELECT count(*) FROM audit_log'];
    rows = Number(spawnSync('sqlite3', words, { encoding: 'utf8' }).stdout);
  }
  return rows;
}

/** Processor time of a process so far, of all its threads. */
function processorMsOf({ pid }: ChildProcess): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
