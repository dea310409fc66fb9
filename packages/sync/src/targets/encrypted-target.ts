/**
 * A target whose hub cannot read what rows hold. It sees which records of which tables there are, their hashes, sizes and order,
 * so it compares, orders, removes and cosigns as ever.
 */
import type { IncomingChange } from '@ggen-sim/core';
import { isKeyId, keyIdOf, type SealedText } from '../contract/sealed-text.ts';
import type { PushedChange, PushedEntry, SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';
import { RowCipher, type Seal } from './row-cipher.ts';

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

/** True for a change of which something was encrypted: its row, or the reason of a removal. */
export function isSealed({ row, reason }: Pick<IncomingChange, 'row' | 'reason'>): boolean {
  return typeof row?.['sealed'] === 'string' || (reason !== null && keyIdOf(reason) !== null);
}

/** Which text it is. Whatever else a hub answers does not decrypt. */
function about(
  what: 'row' | 'reason',
  leaf: string,
  { kind, table, id, parent }: Pick<PushedChange, 'kind' | 'table' | 'id' | 'parent'>,
): string[] {
  return [what, kind, table, id, leaf, parent ?? ''];
}

async function sealEntry(seal: Seal, entry: PushedEntry): Promise<PushedEntry> {
  const { change, leaf } = entry;
  if (change === null) return entry;
  const sealed = async (text: string | null, what: 'row' | 'reason'): Promise<string | null> =>
    text === null ? null : JSON.stringify(await seal(text, about(what, leaf, change)));
  const [content, reason] = await Promise.all([
    sealed(change.content, 'row'),
    // By its reason, others see that a removal is none that the hub has made up.
    sealed(isRemoval(change) ? (change.reason ?? '') : null, 'reason'),
  ]);
  return { ...entry, change: { ...change, content, reason } };
}

async function openChange(cipher: RowCipher, change: IncomingChange): Promise<IncomingChange> {
  const { row, reason, leaf } = change;
  const opened = async (
    text: Readonly<Record<string, unknown>> | null,
    what: 'row' | 'reason',
  ): Promise<string> => {
    const { key, salt, sealed } = text ?? {};
    if (!isKeyId(key) || typeof salt !== 'string' || typeof sealed !== 'string') throw plain();
    return cipher.open({ key, salt, sealed } satisfies SealedText, about(what, leaf, change));
  };
  // The row of a redaction is gone once the record was deleted.
  const isGone = row === null && isRemoval(change);
  const [content, why] = await Promise.all([
    isGone ? null : opened(row, 'row'),
    isRemoval(change) ? opened(reason === null ? null : parsed(reason), 'reason') : null,
  ]);
  return {
    ...change,
    row: content === null ? null : (JSON.parse(content) as Record<string, unknown>),
    reason: why === '' ? null : why,
  };
}

function isRemoval({ kind }: Pick<IncomingChange, 'kind'>): boolean {
  return kind !== 'saved';
}

/** Reads what may be an encrypted text; null for what is none. */
function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // It is a reason that was not encrypted.
  }
  return null;
}

function plain(): SyncError {
  return new SyncError('SYNC_WRONG_KEY', 'What the target has is not encrypted, and a key was given', {
    hint: 'Databases with a key and without share no target: use another one, or another tenant. Nothing was sent or stored.',
  });
}
