/**
 * Tries every operation of the program on any file, and checks these promises:
 *
 * 1. A failure is a `PersistenceError` with a code that names the reason, never `INTERNAL`.
 * 2. A refused file keeps its bytes and its mode, and no file is left beside it.
 * 3. A database that `verify` finds intact returns exactly the receipts that were saved, accepts another one, and is
 *    intact afterwards.
 * 4. A hostile file does not affect the next database.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, PersistenceError, type Persistence, type ReceiptRow } from '../../../src/index.ts';
import { MemoryBackupDirectory } from '../../../src/testing/memory-backup-directory.ts';

/** Result of a trial: of opening the file, of `verify`, and every broken promise. */
export interface Trial {
  /** Error code, or `opened`. */
  readonly opening: string;
  readonly isIntact: boolean;
  readonly broken: readonly string[];
}

const MODE = 0o644;

/** Tries a file. @param intact - receipts of the intact database that it comes from */
export async function tryFile(file: string, intact: readonly ReceiptRow[]): Promise<Trial> {
  return new FileTrial(file, intact).run();
}

/** Reads all receipts of a database. */
export async function receiptsIn(db: Persistence): Promise<ReceiptRow[]> {
  return db.queryReceipts({ limit: 1_000_000 });
}

class FileTrial {
  readonly #file: string;
  readonly #intact: readonly ReceiptRow[];
  readonly #broken: string[] = [];
  readonly #failures: Set<string> = new Set();
  /** An empty file is opened as a new database. */
  readonly #isEmpty: boolean;

  constructor(file: string, intact: readonly ReceiptRow[]) {
    this.#file = file;
    this.#intact = intact;
    this.#isEmpty = fs.statSync(file).size === 0;
  }

  async run(): Promise<Trial> {
    fs.chmodSync(this.#file, MODE);
    const before = fs.readFileSync(this.#file);
    let opening = 'opened';
    let isIntact = false;
    const db = await this.#open().catch((error: unknown) => {
      opening = this.#failed('open', error);
      return undefined;
    });
    if (db === undefined) this.#expectUntouched(before);
    else {
      isIntact = await this.#useAll(db);
      await db.close().catch((error: unknown) => this.#failed('close', error));
    }
    await this.#importOver(before);
    return { opening, isIntact, broken: this.#broken };
  }

  #open(): Promise<Persistence> {
    return openPersistence({ storage: 'file', path: this.#file, retry: { busyDeadlineMs: 0, ioRetries: 0 } });
  }

  /** @returns the error code of the failure */
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

  /** @returns true when `verify` found no problem */
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
    const isIntact = verified?.ok === true;
    const receipts = await attempt('queryReceipts', () => receiptsIn(db));
    await attempt('stats', () => db.stats());
    await attempt('queryMemory', () => db.queryMemory());
    await attempt('queryAuditTrail', () => db.queryAuditTrail({ days: 100_000 }));
    await attempt('analytics', () => db.analytics({ period: 'last-90-days' }));
    await attempt('getReceipt', () => db.getReceipt(this.#intact[0]?.receiptId ?? ''));
    await attempt('getMemory', () => db.getMemory('agent-0'));
    await attempt('info', () => db.info());
    await attempt('exportImage', () => db.exportImage());
    await attempt('exportAuditTrail', () => db.exportAuditTrail({ output: new WritableStream() }));
    const backup = new MemoryBackupDirectory();
    const backedUp = await attempt('exportBackup', () => db.exportBackup({ directory: backup }));
    if (isIntact && !this.#isEmpty) this.#expectTheSame(receipts);
    if (isIntact && backedUp === undefined) this.#broken.push('intact, but it cannot be backed up');
    const receipt = { executionId: 'one more', agentId: 'agent-0', agentType: 't', receipt: '{}' };
    const saved = await attempt('record', () =>
      db.record({
        receipts: [receipt],
        memories: [{ agentId: 'agent-0', agentType: 't', memory: '{}' }],
        audits: [{ agentId: 'agent-0', operation: 'o', status: 'completed' }],
      }),
    );
    const id = saved?.receipts[0]?.receiptId;
    if (id !== undefined && (await attempt('getReceipt', () => db.getReceipt(id))) === undefined && isIntact)
      this.#broken.push('saved, but it cannot be read');
    if (!isIntact) return false;
    if (id === undefined) {
      if (!this.#failures.has('READ_ONLY')) this.#broken.push('intact, but nothing can be saved');
      return true;
    }
    const after = await attempt('verify', () => db.verify());
    if (after?.ok !== true) this.#broken.push(`intact until something was saved: ${JSON.stringify(after)}`);
    return true;
  }

  #expectTheSame(receipts: readonly ReceiptRow[] | undefined): void {
    if (receipts?.length !== this.#intact.length) {
      this.#broken.push(`intact, with ${receipts?.length} receipts of ${this.#intact.length}`);
      return;
    }
    const byId = new Map(this.#intact.map((row) => [row.receiptId, row]));
    for (const row of receipts) {
      const was = byId.get(row.receiptId);
      const same = (
        ['executionId', 'agentId', 'agentType', 'receiptJson', 'status', 'durationMs'] as const
      ).every((field) => row[field] === was?.[field]);
      if (!same)
        this.#broken.push(
          `intact, with a receipt that was never saved: ${JSON.stringify(row).slice(0, 300)}`,
        );
    }
  }

  /** Imports the same bytes as an image into another database, which must stay intact. */
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
