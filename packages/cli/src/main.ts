/** The whole program. Calls that need less of it never come here (`start.ts`). */
import { runCommandLine } from './command-line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2));
