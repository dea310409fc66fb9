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

/** What gives locks here. The package's addon ends Bun and Deno at the first lock that another process holds. */
function providerHere(): { readonly make: () => RangeLocks; readonly wayOut: string } {
  const { bun, deno } = process.versions;
  if (deno !== undefined) {
    return { make: () => fcntlRangeLocks(loadWithDeno), wayOut: 'Run Deno with --allow-ffi' };
  }
  if (bun !== undefined) return { make: () => fcntlRangeLocks(loadWithBun), wayOut: 'Pass rangeLocks' };
  switch (process.platform) {
    case 'linux':
      return { make: addonRangeLocks, wayOut: 'Install fs-native-extensions' };
    case 'win32':
      return { make: () => windowsRangeLocks(addonRangeLocks()), wayOut: 'Install fs-native-extensions' };
    case 'darwin':
      return { make: () => fcntlRangeLocks(loadWithKoffi), wayOut: `Install ${KOFFI_PACKAGE}` };
    default:
      return {
        make: () => {
          throw new Error(`this package knows no locks for Node on ${process.platform}`);
        },
        wayOut: 'Pass rangeLocks',
      };
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
