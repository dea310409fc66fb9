#!/usr/bin/env node
const words = process.argv.slice(2);
const asksForHelp = words.some((word) => word === '-h' || word === '--help');
if (words[0] === 'hooks' && words[1] === 'record' && !asksForHelp) {
  // An agent waits for this call: it goes past the parser and every other command.
  const { recordHookCall } = await import('./record-hook.ts');
  recordHookCall(words);
  process.exitCode = 0;
} else {
  const { runCommandLine } = await import('./command-line.ts');
  process.exitCode = await runCommandLine(words);
}
