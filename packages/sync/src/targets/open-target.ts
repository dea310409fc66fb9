import type { NoteSigner } from '@ggen-sim/core';
import { localTargets } from '#targets/local-targets';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { encryptedTarget } from './encrypted-target.ts';
import { httpTarget } from './http-target.ts';
import type { OnNatsChange } from './local-targets.ts';

const POSTGRES = /^postgres(?:ql)?:\/\//;
const HTTP = /^https?:\/\//i;

/** Another scheme, `HOST:PORT`, or a space before an address: a file of such a name would be one that nobody else reaches. */
const IS_ADDRESS = /^\w{2,}:|^[^/\\]+:\d+(?:\/|$)|^\s.*:\/\//;

const FORMS =
  'Give http://HOST:PORT or https://HOST of a hub, postgres://USER@HOST/DATABASE, or the path of a file.';

/**
 * Checks a location, and makes a path absolute.
 * @param location - `http://…` or `https://…` of a hub, `postgres://…`, or the path of a file
 * @throws {SyncError} SYNC_TARGET_INVALID
 */
export function checkLocation(location: string): string {
  if (HTTP.test(location)) return checkHttp(location);
  if (!POSTGRES.test(location)) {
    if (location === '' || IS_ADDRESS.test(location)) {
      throw new SyncError('SYNC_TARGET_INVALID', `${JSON.stringify(location)} names no target`, {
        hint: FORMS,
      });
    }
    return localTargets.absolutePath(location);
  }
  if (URL.canParse(location)) return location;
  throw new SyncError('SYNC_TARGET_INVALID', `${withoutSecrets(location)} is no URL`, {
    hint: 'Give postgres://USER@HOST/DATABASE, with %-escapes where a name has other characters.',
  });
}

/** Returns what is no URL for a message: without what may be a user and a password, and without parameters. */
function withoutSecrets(location: string): string {
  return JSON.stringify(location.replace(/:\/\/.*@/su, '://…@').replace(/[?#].*$/su, '…'));
}

/** Checks the address of a hub, and returns it in one form. */
function checkHttp(location: string): string {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url === undefined) {
    throw new SyncError('SYNC_TARGET_INVALID', `${withoutSecrets(location)} is no URL`, { hint: FORMS });
  }
  const { username, password, search, hash, origin, pathname } = url;
  if (username !== '' || password !== '' || search !== '' || hash !== '') {
    throw new SyncError(
      'SYNC_TARGET_INVALID',
      'The address of a hub ends with its path, and holds no token',
      {
        hint: 'Leave out user, password and what comes after ? or #; give the token in the variable GGEN_SIM_SYNC_TOKEN.',
      },
    );
  }
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/**
 * Checks a location that is to be stored in a database, which may be copied or handed on.
 * @throws {SyncError} SYNC_TARGET_INVALID, also for a URL with a password
 */
export function checkStoredLocation(location: string): string {
  const checked = checkLocation(location);
  if (!POSTGRES.test(checked)) return checked;
  const { password, searchParams } = new URL(checked);
  if (password === '' && !searchParams.has('password')) return checked;
  throw new SyncError('SYNC_TARGET_INVALID', 'The URL of the target holds a password', {
    hint: 'Leave it out, and give it in the variable PGPASSWORD.',
  });
}

/** Returns a location that {@link checkStoredLocation} takes. */
export function withoutPassword(checked: string): string {
  if (!POSTGRES.test(checked)) return checked;
  const url = new URL(checked);
  // As it was given, so that it is the same target as one that `sync init` has stored.
  if (url.password === '' && !url.searchParams.has('password')) return checked;
  url.password = '';
  url.searchParams.delete('password');
  return url.href;
}

/** Options of {@link openTarget}. */
export interface OpenTargetOptions {
  /** False to refuse a file that is missing, for instance because its folder is not mounted. @default true */
  readonly create?: boolean;
  /** Longest wait for an answer of a hub over HTTP, in milliseconds. @default 90000 */
  readonly answerTimeoutMs?: number;
  /** Token of a hub over HTTP. @default the variable GGEN_SIM_SYNC_TOKEN; none in a page */
  readonly token?: string;
  /**
   * `nats://HOST:PORT` or `tls://HOST:PORT` of a NATS server, several with commas between them: over it, those who push to
   * a target in PostgreSQL tell the others at once. It needs the package `@nats-io/transport-node`.
   * @default the variable GGEN_SIM_SYNC_NATS; without it, PostgreSQL is looked at every second
   */
  readonly nats?: string;
  /** Called when NATS cannot be used, with the reason, and with `null` when it can. */
  readonly onNatsChange?: OnNatsChange;
  /**
   * 32 bytes that all databases of the target share: rows are encrypted with them before they are sent, and the target cannot
   * read them.
   */
  readonly key?: Uint8Array;
  /** Cosigns checkpoints that fit to what the target has: `cosignerOf` of `@ggen-sim/core`. Only for whoever serves a hub. */
  readonly cosigner?: NoteSigner;
}

/**
 * Makes the target of a location, which the first call opens, and opens again after it was lost. The client of PostgreSQL is
 * loaded when it is needed. In a page there is HTTP alone.
 * @throws {SyncError} SYNC_TARGET_INVALID, SYNC_UNAUTHORIZED, SYNC_WRONG_KEY
 */
export async function openTarget(location: string, options: OpenTargetOptions = {}): Promise<SyncTarget> {
  const { key } = options;
  const target = await openPlainTarget(location, options);
  return key === undefined ? target : encryptedTarget(target, key);
}

async function openPlainTarget(
  location: string,
  { create = true, answerTimeoutMs, token, nats, onNatsChange, cosigner }: OpenTargetOptions,
): Promise<SyncTarget> {
  const checked = checkLocation(location);
  if (POSTGRES.test(checked)) return localTargets.openPostgres(checked, { nats, onNatsChange }, cosigner);
  if (nats !== undefined) {
    throw new SyncError('SYNC_TARGET_INVALID', 'NATS is for targets in PostgreSQL alone', {
      hint: 'Leave out `nats`; a hub over HTTP has it from whoever serves it.',
    });
  }
  if (HTTP.test(checked) && cosigner !== undefined) {
    throw new SyncError('SYNC_TARGET_INVALID', 'A hub over HTTP cosigns with a key of its own', {
      hint: 'Leave out `cosigner`; whoever serves the hub gives it.',
    });
  }
  if (HTTP.test(checked))
    return httpTarget(checked, token ?? localTargets.environmentToken(), answerTimeoutMs);
  return localTargets.openFile(checked, create, cosigner);
}
