import type * as oxigraph from 'oxigraph';
import { AgentError } from '../errors.ts';

/** The oxigraph module, ready to use: an engine of SPARQL 1.1, compiled to WebAssembly. */
export type Oxigraph = typeof oxigraph;

/** What is wrong with a query that ends the engine. */
export const TOO_MUCH_MEMORY = 'takes more memory than the SPARQL engine has';

/** Thrown when a query needs more memory than the engine has. */
export class OutOfQueryMemory extends Error {
  override readonly name = 'OutOfQueryMemory';
  /** Text of the query. */
  readonly query: string;

  constructor(query: string, cause: unknown) {
    super(`its query ${TOO_MUCH_MEMORY}`, { cause });
    this.query = query;
  }
}

let hasEnded = false;
let loading: Promise<Oxigraph> | undefined;

/**
 * Loads oxigraph, about 4 MB, on first use. In browsers its binary is fetched from beside its code.
 *
 * @throws {AgentError} QUERY_LIMIT when a query in this thread has ended it
 */
export async function loadOxigraph(): Promise<Oxigraph> {
  if (hasEnded) {
    throw new AgentError('QUERY_LIMIT', 'An earlier query took all memory of the SPARQL engine', {
      hint: 'Start the program again, or run agents in workers: those are replaced.',
    });
  }
  loading ??= load();
  return loading;
}

/**
 * Calls the engine.
 *
 * @param query - text of the query that the call is about
 * @throws {OutOfQueryMemory} when its memory or its stack is used up
 */
export function callOxigraph<T>(query: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    // WebAssembly stops where it is then: what it has in memory is in no order any more.
    const isStopped =
      cause instanceof RangeError ||
      (cause instanceof Error && ['RuntimeError', 'InternalError'].includes(cause.name));
    if (!isStopped) throw cause;
    hasEnded = true;
    throw new OutOfQueryMemory(query, cause);
  }
}

async function load(): Promise<Oxigraph> {
  const loaded = await import('oxigraph');
  const { default: initialize } = loaded;
  // Its build for Node has no such function: there it reads the binary when it is loaded.
  if (typeof initialize === 'function') await initialize();
  return loaded;
}
