/**
 * Which of V8's compilers SQLite's WebAssembly gets. The optimising one takes some 200 ms of a core for SQLite's two
 * largest functions alone, in the background, and the process waits for it at its end.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * How much SQLite will have to do: `brief` is one pass over the tables at most (at a million rows optimising still costs
 * more than it saves), `unknown` may be much more.
 */
export type ExpectedWork = 'brief' | 'unknown';

/**
 * V8 counts the bytes of code a function jumps back over, and SQLite's interpreter jumps back over up to 100 kB at
 * every instruction: 60 million are used up by 600 instructions. The largest number is some 20,000 instructions, more
 * than opening and a save take and soon reached by real work.
 */
const FLAGS: Readonly<Record<ExpectedWork, readonly string[]>> = {
  // Both: without the second alone, V8 would optimise everything before running it.
  brief: ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'],
  unknown: ['--wasm-tiering-budget=2147483647'],
};

/** Chooses for the whole process. Does nothing to WebAssembly that is loaded already. */
export function chooseWasmCompiler(expectedWork: ExpectedWork): void {
  for (const flag of FLAGS[expectedWork]) setFlagsFromString(flag);
}
