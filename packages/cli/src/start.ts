#!/usr/bin/env node
/**
 * Start of the program: what is to be quick is done here, and everything else by `main.mjs`. This file becomes CommonJS,
 * because Node takes longer to start with an ES module.
 */
import { servedUse } from './served-call/messages.ts';

const words = process.argv.slice(2);
const asksForHelp = words.some((word) => word === '-h' || word === '--help');
if (words[0] === 'hooks' && words[1] === 'record' && !asksForHelp) {
  void recordHook();
} else if (servedUse(words) !== undefined && process.env['GGEN_SIM_SERVE'] !== 'off' && !asksForHelp) {
  void call();
} else {
  void runProgram();
}

/** Records an event. An agent waits for this call. */
async function recordHook(): Promise<void> {
  const { recordHookCall } = await import('./record-hook.ts');
  recordHookCall(words);
}

/** Has the server of the database answer, if there is one. */
async function call(): Promise<void> {
  const { callServer } = await import('./served-call/call-server.ts');
  const { exitCode, standardInput } = await callServer(words);
  if (exitCode !== undefined) {
    process.exitCode = exitCode;
    return;
  }
  if (standardInput !== undefined) {
    const { Readable } = await import('node:stream');
    Object.defineProperty(process, 'stdin', { value: Readable.from([standardInput]) });
  }
  await runProgram();
}

async function runProgram(): Promise<void> {
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the file is there only when this one is built
  await import('./main.mjs' as string);
}
