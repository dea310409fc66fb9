import type { CLibrary, CLibraryNames } from './fcntl-locks.node.ts';

/** The part of Deno's interface that is used here (https://docs.deno.com/runtime/fundamentals/ffi/). */
interface DenoFfi {
  dlopen(
    library: string,
    functions: Record<string, { readonly parameters: readonly string[]; readonly result: string }>,
  ): { readonly symbols: Readonly<Record<string, (...values: unknown[]) => unknown>> };
  readonly UnsafePointerView: new (pointer: unknown) => { getInt32(): number };
}

/**
 * Loads `fcntl` from a C library with Deno.
 * @throws Deno's error when the library or a function is missing, or the program has no permission (`--allow-ffi`)
 */
export function loadWithDeno(library: string, { errnoLocation, padding }: CLibraryNames): CLibrary {
  const deno = (globalThis as unknown as { readonly Deno: DenoFfi }).Deno;
  const { symbols } = deno.dlopen(library, {
    fcntl: { parameters: ['i32', 'i32', ...padding.map(() => 'i32'), 'buffer'], result: 'i32' },
    [errnoLocation]: { parameters: [], result: 'pointer' },
  });
  return {
    name: 'Deno.dlopen',
    fcntl: (fd, command, argument) => symbols['fcntl']?.(fd, command, ...padding, argument) as number,
    errno: () => new deno.UnsafePointerView(symbols[errnoLocation]?.()).getInt32(),
  };
}
