/**
 * Everything the program can do, tried on a file that may be anything. What must hold:
 *
 * 1. A failure is a `PersistenceError` with a code that names the matter, never `INTERNAL`.
 * 2. A file that is refused keeps its bytes and its mode, and nothing is left beside it.
 * 3. What `verify` finds right answers the receipts that were saved, all of them and no others, takes another one, and
 *    is still right then.
 * 4. Nothing that happened to one database is felt by the next.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, PersistenceError, type Persistence, type ReceiptRow } from '../../../src/index.ts';
import { MemoryBackupDirectory } from '../../../src/testing/memory-backup-directory.ts';

/** What happened to a file: how opening it ended, what `verify` says, and every broken promise. */
export interface Trial {
  /** A code, or `opened`. */
  readonly opening: string;
  readonly isSound: boolean;
  readonly broken: readonly string[];
}

const MODE = 0o644;

/** Tries a file. @param sound - the receipts of the database it was before */
export async function tryFile(file: string, sound: readonly ReceiptRow[]): Promise<Trial> {
  return new FileTrial(file, sound).run();
}

/** The receipts of a database, all of them. */
export async function receiptsIn(db: Persistence): Promise<ReceiptRow[]> {
  return db.queryReceipts({ limit: 1_000_000 });
}

class FileTrial {
  readonly #file: string;
  readonly #sound: readonly ReceiptRow[];
  readonly #broken: string[] = [];
  readonly #failures: Set<string> = new Set();
  /** Nothing at all is a database to be. */
  readonly #isEmpty: boolean;

  constructor(file: string, sound: readonly ReceiptRow[]) {
    this.#file = file;
    this.#sound = sound;
    this.#isEmpty = fs.statSync(file).size === 0;
  }

  async run(): Promise<Trial> {
    fs.chmodSync(this.#file, MODE);
    const before = fs.readFileSync(this.#file);
    let opening = 'opened';
    let isSound = false;
    const db = await this.#open().catch((error: unknown) => {
      opening = this.#failed('open', error);
      return undefined;
    });
    if (db === undefined) this.#expectUntouched(before);
    else {
      isSound = await this.#useAll(db);
      await db.close().catch((error: unknown) => this.#failed('close', error));
    }
    await this.#importOver(before);
    return { opening, isSound, broken: this.#broken };
  }

  #open(): Promise<Persistence> {
    return openPersistence({ storage: 'file', path: this.#file, retry: { busyDeadlineMs: 0, ioRetries: 0 } });
  }

  /** @returns the failure's code */
  #failed(what: string, error: unknown): string {
    if (error instanceof PersistenceError && error.code !== 'INTERNAL') {
      this.#failures.add(error.code);
      return error.code;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#broken.push(`${what}: ${text}`);
    return 'untyped';
  }

  #expectUntouched(before: Uint8Array): void {
    const stat = fs.statSync(this.#file);
    if ((stat.mode & 0o777) !== MODE)
      this.#broken.push(`refused, but its mode is ${(stat.mode & 0o777).toString(8)}`);
    if (!fs.readFileSync(this.#file).equals(before)) this.#broken.push('refused, but its bytes changed');
    const beside = fs
      .readdirSync(path.dirname(this.#file))
      .filter((name) => name !== path.basename(this.#file));
    if (beside.length > 0) this.#broken.push(`refused, but beside it are ${beside.join(', ')}`);
  }

  /** @returns whether `verify` found everything right */
  async #useAll(db: Persistence): Promise<boolean> {
    const attempt = async <Result>(
      what: string,
      work: () => PromiseLike<Result>,
    ): Promise<Result | undefined> => {
      try {
        return await work();
      } catch (error) {
        this.#failed(what, error);
        return undefined;
      }
    };
    const verified = await attempt('verify', () => db.verify());
    const isSound = verified?.ok === true;
    const receipts = await attempt('queryReceipts', () => receiptsIn(db));
    await attempt('stats', () => db.stats());
    await attempt('queryMemory', () => db.queryMemory());
    await attempt('queryAuditTrail', () => db.queryAuditTrail({ days: 100_000 }));
    await attempt('analytics', () => db.analytics({ period: 'last-90-days' }));
    await attempt('getReceipt', () => db.getReceipt(this.#sound[0]?.receiptId ?? ''));
    await attempt('getMemory', () => db.getMemory('agent-0'));
    await attempt('info', () => db.info());
    await attempt('exportImage', () => db.exportImage());
    await attempt('exportAuditTrail', () => db.exportAuditTrail({ output: new WritableStream() }));
    const backup = new MemoryBackupDirectory();
    const backedUp = await attempt('exportBackup', () => db.exportBackup({ directory: backup }));
    if (isSound && !this.#isEmpty) this.#expectTheSame(receipts);
    if (isSound && backedUp === undefined) this.#broken.push('sound, but it cannot be backed up');
    const receipt = { executionId: 'one more', agentId: 'agent-0', agentType: 't', receipt: '{}' };
    const saved = await attempt('record', () =>
      db.record({
        receipts: [receipt],
        memories: [{ agentId: 'agent-0', agentType: 't', memory: '{}' }],
        audits: [{ agentId: 'agent-0', operation: 'o', status: 'completed' }],
      }),
    );
    const id = saved?.receipts[0]?.receiptId;
    if (id !== undefined && (await attempt('getReceipt', () => db.getReceipt(id))) === undefined && isSound)
      this.#broken.push('saved, but it cannot be read');
    if (!isSound) return false;
    if (id === undefined) {
      if (!this.#failures.has('READ_ONLY')) this.#broken.push('sound, but nothing can be saved');
      return true;
    }
    const after = await attempt('verify', () => db.verify());
    if (after?.ok !== true) this.#broken.push(`sound until something was saved: ${JSON.stringify(after)}`);
    return true;
  }

  #expectTheSame(receipts: readonly ReceiptRow[] | undefined): void {
    if (receipts?.length !== this.#sound.length) {
      this.#broken.push(`sound, with ${receipts?.length} receipts of ${this.#sound.length}`);
      return;
    }
    const byId = new Map(this.#sound.map((row) => [row.receiptId, row]));
    for (const row of receipts) {
      const was = byId.get(row.receiptId);
      const same = (
        ['executionId', 'agentId', 'agentType', 'receiptJson', 'status', 'durationMs'] as const
      ).every((field) => row[field] === was?.[field]);
      if (!same)
        this.#broken.push(`sound, with a receipt nobody saved: ${JSON.stringify(row).slice(0, 300)}`);
    }
  }

  /** The same bytes as an image, over a database that must not suffer from them. */
  async #importOver(image: Uint8Array): Promise<void> {
    const db = await openPersistence({ storage: 'memory' });
    await db.saveMemory({ agentId: 'mine', agentType: 't', memory: '"before"' });
    const imported = await db.importImage(image).then(
      () => true,
      (error: unknown) => {
        this.#failed('importImage', error);
        return false;
      },
    );
    try {
      if (!imported && (await db.getMemory('mine')) !== '"before"')
        this.#broken.push('refused, but imported');
      await db.saveMemory({ agentId: 'mine', agentType: 't', memory: '"after"' });
      if ((await db.getMemory('mine')) !== '"after"') this.#broken.push('imported, and it forgets');
      await db.close();
    } catch (error) {
      this.#broken.push(`after ${imported ? 'an import' : 'a refused import'}: ${String(error)}`);
    }
  }
}
