/**
 * Choice of V8's compiler for SQLite's WebAssembly. The optimising compiler takes some 200 ms of a core for SQLite's two
 * largest functions alone. It runs in the background, and the process waits for it before it ends.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * Amount of work expected of SQLite. `brief` is one pass over the tables at most: even at a million rows optimising
 * costs more than it saves. `unknown` may be much more.
 */
export type ExpectedWork = 'brief' | 'unknown';

/**
 * V8 flags by expected work. V8's tiering budget counts the bytes of code that a function jumps back over. SQLite's
 * interpreter jumps back over up to 100 kB at every instruction, so 600 instructions use up a budget of 60 million. The
 * largest budget lasts for some 20,000 instructions: more than opening and a save take, and soon reached by real work.
 */
const FLAGS: Readonly<Record<ExpectedWork, readonly string[]>> = {
  // Both are needed: with the first alone, V8 would optimise everything before running it.
  brief: ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'],
  unknown: ['--wasm-tiering-budget=2147483647'],
};

/** Chooses the compiler for the whole process. WebAssembly that is loaded already is not affected. */
export function chooseWasmCompiler(expectedWork: ExpectedWork): void {
  for (const flag of FLAGS[expectedWork]) setFlagsFromString(flag);
}
