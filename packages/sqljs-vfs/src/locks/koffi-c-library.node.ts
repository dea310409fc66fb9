import { createRequire } from 'node:module';
import type { CLibrary } from './fcntl-locks.node.ts';
import { moduleLocation } from './module-location.node.ts';

/** The part of koffi that is used here (https://koffi.dev/load). Each variable argument has its type before it. */
interface Koffi {
  load(library: string): {
    func(name: string, result: string, parameters: readonly string[]): (...values: unknown[]) => number;
  };
  errno(): number;
}

/**
 * The package that has koffi's code for one system. Koffi itself is mostly its source code in C++, for all systems, and has
 * an installation script, which package managers ask about or refuse.
 */
export const KOFFI_PACKAGE: string = `@koromix/koffi-${process.platform}-${process.arch}`;

/** Loads `fcntl` from a C library with koffi. @throws Node's error when the package is missing, or koffi's */
export function loadWithKoffi(library: string): CLibrary {
  const koffi = createRequire(moduleLocation())(KOFFI_PACKAGE) as Koffi;
  const fcntl = koffi.load(library).func('fcntl', 'int', ['int', 'int', '...']);
  return {
    name: 'koffi',
    fcntl: (fd, command, argument) => fcntl(fd, command, 'void *', argument),
    errno: () => koffi.errno(),
  };
}
