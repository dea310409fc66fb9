/**
 * A target whose hub cannot read what rows hold. It sees which records of which tables there are, their hashes, sizes and order,
 * so it compares, orders, removes and cosigns as ever.
 */
import type { IncomingChange } from '@ggen-sim/core';
import type { PushedChange, PushedEntry, SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { RowCipher, type Seal, type SealedText } from './row-cipher.ts';

/**
 * Encrypts what is sent to a target, and decrypts what comes from it.
 * @param key - 32 bytes, which all databases of the target share
 * @throws {SyncError} SYNC_WRONG_KEY for what is no key
 */
export async function encryptedTarget(target: SyncTarget, key: Uint8Array): Promise<SyncTarget> {
  const cipher = await RowCipher.of(key);
  return {
    keyId: cipher.keyId,
    id: () => target.id(),
    cursor: (origin) => target.cursor(origin),
    unknown: (leaves) => target.unknown(leaves),
    async push(batch) {
      const seal = cipher.forPush();
      const entries = await Promise.all(batch.entries.map((entry) => sealEntry(seal, entry)));
      return target.push({ ...batch, entries });
    },
    async pull(request) {
      const batch = await target.pull(request);
      const changes = await Promise.all(batch.changes.map((change) => openChange(cipher, change)));
      return { ...batch, changes };
    },
    cosign: (note) => target.cosign(note),
    subscribe: (signal) => target.subscribe(signal),
    close: () => target.close(),
  };
}

/** True for the row of a change that was encrypted. */
export function isSealed(row: Readonly<Record<string, unknown>> | null): boolean {
  return row !== null && typeof row['sealed'] === 'string';
}

/** Which text it is. Whatever else a hub answers does not decrypt. */
function about(
  what: 'row' | 'reason',
  leaf: string,
  { kind, table, id }: Pick<PushedChange, 'kind' | 'table' | 'id'>,
): string[] {
  return [what, kind, table, id, leaf];
}

async function sealEntry(seal: Seal, entry: PushedEntry): Promise<PushedEntry> {
  const { change, leaf } = entry;
  if (change === null) return entry;
  const sealed = async (text: string | null, what: 'row' | 'reason'): Promise<string | null> =>
    text === null ? null : JSON.stringify(await seal(text, about(what, leaf, change)));
  const [content, reason] = await Promise.all([
    sealed(change.content, 'row'),
    sealed(change.reason, 'reason'),
  ]);
  return { ...entry, change: { ...change, content, reason } };
}

async function openChange(cipher: RowCipher, change: IncomingChange): Promise<IncomingChange> {
  const { row, reason, leaf } = change;
  const opened = async (
    text: Readonly<Record<string, unknown>> | null,
    what: 'row' | 'reason',
  ): Promise<string | null> => {
    if (text === null) return null;
    const { key, salt, sealed } = text;
    if (typeof key !== 'string' || typeof salt !== 'string' || typeof sealed !== 'string') throw plain();
    return cipher.open({ key, salt, sealed } satisfies SealedText, about(what, leaf, change));
  };
  const [content, why] = await Promise.all([
    opened(row, 'row'),
    opened(reason === null ? null : parsed(reason), 'reason'),
  ]);
  return {
    ...change,
    row: content === null ? null : (JSON.parse(content) as Record<string, unknown>),
    reason: why,
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // It is a reason that was not encrypted.
  }
  throw plain();
}

function plain(): SyncError {
  return new SyncError('SYNC_WRONG_KEY', 'What the target has is not encrypted, and a key was given', {
    hint: 'Databases with a key and without share no target: use another one, or another tenant. Nothing was sent or stored.',
  });
}
