/** Stores what entries tell, in their order: rows in groups, removals one by one. */
import type { PushedChange, PushedEntry } from '../contract/sync-target.ts';
import type { HubSession, HubValue } from './hub-database.ts';
import { CHANGES } from './hub-schema.ts';
import { toStoredText } from './stored-text.ts';

const OF_RECORD = 'tenant = $1 AND table_name = $2 AND record_id = $3';

/** Writes the changes of one push. */
export class ChangeWriter {
  readonly #session: HubSession;
  readonly #origin: string;
  #position: number;
  #rows: HubValue[][] = [];

  constructor(session: HubSession, origin: string, position: number) {
    this.#session = session;
    this.#origin = origin;
    this.#position = position;
  }

  /** @param chain - hash over the entries up to this one */
  async write(entry: PushedEntry, chain: string): Promise<void> {
    const { change, leaf } = entry;
    if (change === null) return;
    if (change.kind === 'saved') {
      this.#add(entry, change, leaf, change.content, null);
      return;
    }
    // It removes what was sent before it, also in this push.
    await this.finish();
    const [known] = await this.#session.query(
      'SELECT 1 FROM ggen_changes WHERE tenant = $1 AND change_key = $2',
      [this.#session.tenant, chain],
    );
    // A copy of the file sends its log again under another id.
    if (known !== undefined) return;
    await this.#remove(entry, change, chain);
  }

  /** Writes what is left. @returns the last position */
  async finish(): Promise<number> {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length > 0) await this.#session.insert(CHANGES, rows, true);
    return this.#position;
  }

  async #remove(entry: PushedEntry, change: PushedChange, chain: string): Promise<void> {
    const { kind, table, content, redactedLeaves } = change;
    const { tenant } = this.#session;
    const id = toStoredText(change.id);
    const stored = await this.#session.query(
      `SELECT leaf FROM ggen_changes WHERE ${OF_RECORD} AND kind <> 'deleted'`,
      [tenant, table, id],
    );
    // Versions of a memory that the redaction does not name were saved where it was not known.
    const named = kind === 'redacted' && table === 'agent_memory' ? new Set(change.leaves) : undefined;
    const removed = stored.filter(([leaf]) => named?.has(String(leaf)) ?? true);
    const leaves = [...new Set([...change.leaves, ...removed.map(([leaf]) => String(leaf))])];
    const removal = `UPDATE ggen_changes SET content = NULL WHERE ${OF_RECORD}`;
    if (named === undefined) {
      await this.#session.query(`${removal} AND kind <> 'deleted'`, [tenant, table, id]);
    } else {
      const hashes = removed.map(([leaf]) => String(leaf));
      const isRemoved = `leaf ${this.#session.isAmong('$4')}`;
      await this.#session.query(`${removal} AND ${isRemoved}`, [tenant, table, id, hashes]);
    }
    // What is stored since is known, so that a database which was given it does not send it as a row of its own.
    for (const leaf of redactedLeaves) this.#add(entry, { ...change, kind: 'saved' }, leaf, null, null, leaf);
    const isDeleted = kind === 'deleted' || (await this.#isDeleted(change));
    this.#add(entry, change, chain, isDeleted ? null : content, JSON.stringify(leaves));
    await this.finish();
  }

  /** True for a redaction of what a deletion has removed before: what it left does not come back. */
  async #isDeleted({ table, id, leaves }: PushedChange): Promise<boolean> {
    const deletions = await this.#session.query(
      `SELECT leaves FROM ggen_changes WHERE ${OF_RECORD} AND kind = 'deleted'`,
      [this.#session.tenant, table, toStoredText(id)],
    );
    const deleted = new Set(deletions.flatMap(([stored]) => JSON.parse(String(stored)) as string[]));
    return leaves.some((leaf) => deleted.has(leaf));
  }

  #add(
    { seq, leaf }: PushedEntry,
    { kind, table, id, parent, reason }: PushedChange,
    key: string,
    content: string | null,
    leaves: string | null,
    ownLeaf: string = leaf,
  ): void {
    this.#position++;
    const where = [
      this.#session.tenant,
      this.#position,
      key,
      this.#origin,
      seq,
      kind,
      table,
      toStoredText(id),
    ];
    const why = reason === null ? null : toStoredText(reason);
    this.#rows.push([...where, ownLeaf, parent, content, leaves, why]);
  }
}
