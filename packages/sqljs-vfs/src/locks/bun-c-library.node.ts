import type { CLibrary, CLibraryNames } from './fcntl-locks.node.ts';

/** The part of `bun:ffi` that is used here (https://bun.com/docs/runtime/ffi). */
interface BunFfi {
  readonly dlopen: (
    library: string,
    functions: Record<string, { readonly args: readonly string[]; readonly returns: string }>,
  ) => { readonly symbols: Readonly<Record<string, (...values: unknown[]) => number>> };
  readonly read: { i32(pointer: number, offset: number): number };
}

/** Loads `fcntl` from a C library with Bun. @throws Bun's error when the library or a function is missing */
export function loadWithBun(library: string, { errnoLocation, padding }: CLibraryNames): CLibrary {
  const { dlopen, read } = process.getBuiltinModule('bun:ffi') as unknown as BunFfi;
  const { symbols } = dlopen(library, {
    fcntl: { args: ['i32', 'i32', ...padding.map(() => 'i32'), 'ptr'], returns: 'i32' },
    [errnoLocation]: { args: [], returns: 'ptr' },
  });
  return {
    name: 'bun:ffi',
    fcntl: (fd, command, argument) => symbols['fcntl']?.(fd, command, ...padding, argument) ?? -1,
    errno: () => read.i32(symbols[errnoLocation]?.() ?? 0, 0),
  };
}
