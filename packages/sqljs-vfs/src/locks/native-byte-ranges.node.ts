import { addonRangeLocks } from './addon-locks.node.ts';
import { loadWithBun } from './bun-c-library.node.ts';
import type { RangeLocks } from './byte-range-lock.ts';
import { loadWithDeno } from './deno-c-library.node.ts';
import { fcntlRangeLocks } from './fcntl-locks.node.ts';
import { KOFFI_PACKAGE, loadWithKoffi } from './koffi-c-library.node.ts';
import { windowsRangeLocks } from './windows-locks.node.ts';

/** The reason why there are no locks here, and the way out. */
export interface NoRangeLocks {
  readonly unavailable: unknown;
  readonly hint: string;
}

const ALONE = 'pass singleProcess: true if no other process opens the file';

interface Provider {
  readonly make: () => RangeLocks;
  readonly wayOut: string;
}

const noProvider = (reason: string, wayOut: string): Provider => ({
  make: () => {
    throw new Error(reason);
  },
  wayOut,
});

/**
 * What gives locks here. The package's addon asks libuv for the file behind a descriptor: Bun has libuv on Windows alone
 * and Deno nowhere, and without it the first lock that another process holds ends them.
 */
function providerHere(): Provider {
  const { bun, deno } = process.versions;
  if (process.platform === 'win32') {
    return deno === undefined
      ? { make: () => windowsRangeLocks(addonRangeLocks()), wayOut: 'Install fs-native-extensions' }
      : noProvider('Deno on Windows gives no access to the handle of a file', 'Run it with Node or Bun');
  }
  if (deno !== undefined) {
    return { make: () => fcntlRangeLocks(loadWithDeno), wayOut: 'Run Deno with --allow-ffi' };
  }
  if (bun !== undefined) return { make: () => fcntlRangeLocks(loadWithBun), wayOut: 'Pass rangeLocks' };
  switch (process.platform) {
    case 'linux':
      return { make: addonRangeLocks, wayOut: 'Install fs-native-extensions' };
    case 'darwin':
      return { make: () => fcntlRangeLocks(loadWithKoffi), wayOut: `Install ${KOFFI_PACKAGE}` };
    default:
      return noProvider(`this package knows no locks for Node on ${process.platform}`, 'Pass rangeLocks');
  }
}

let found: RangeLocks | NoRangeLocks | undefined;

function find(): RangeLocks | NoRangeLocks {
  const { make, wayOut } = providerHere();
  try {
    return make();
  } catch (error) {
    return { unavailable: error, hint: `${wayOut}, or ${ALONE}.` };
  }
}

/**
 * Byte-range locks of the operating system, by what this runtime can call. They are loaded once.
 * @returns the provider, or the reason why none works here
 */
export function nativeRangeLocks(): RangeLocks | NoRangeLocks {
  return (found ??= find());
}
